"""Writes a driver's migrations (NNN-name.sql, in the order of NNN) into a C file: embed.py DRIVER OUT SQL..."""
import os
import sys


def literal(text):
    for line in text.splitlines():
        code = line.split('--')[0].rstrip()
        if code:
            yield '\t\t"' + code.strip().replace('\\', '\\\\').replace('"', '\\"') + '\\n"'


def main(driver, out, paths):
    paths = sorted(paths, key=os.path.basename)
    with open(out, 'w', encoding='utf-8') as c:
        c.write(f'#include "store/{driver}/{driver}_priv.h"\n\n')
        c.write(f'const struct {driver}_migration {driver}_migrations[] = {{\n')
        for number, path in enumerate(paths, 1):
            name = os.path.basename(path)
            if int(name.split('-')[0]) != number:
                sys.exit(f'{name}: migration {number:03} is missing')
            with open(path, encoding='utf-8') as sql:
                c.write(f'\t{{ "{name}",\n' + '\n'.join(literal(sql.read())) + ' },\n')
        c.write('};\n\n')
        c.write(f'const int {driver}_migrations_count = {len(paths)};\n')


main(sys.argv[1], sys.argv[2], sys.argv[3:])
