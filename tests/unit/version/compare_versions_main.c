/*
 * The command alone, as the program calls it: for tests and measurements without the rest.
 */
#include "base/base.h"

#include "cmd/cmd_priv.h"

int main(int argc, char **argv)
{
	return argc > 1 ? cmd_compare_versions(argc - 1, argv + 1) : EXIT_FAILURE;
}
