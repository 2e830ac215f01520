/*
 * clair: a container-image vulnerability scanner.
 */
#include "cmd/cmd.h"

int main(int argc, char **argv)
{
	return cmd_main(argc, argv);
}
