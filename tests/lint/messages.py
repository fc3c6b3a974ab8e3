#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every function that translates the format it is given is one whose texts po/pot.sh takes for messages."""
import re
import sys
import csource

FUNCTION = re.compile(r'^(?:static )?[\w ]+?\**(\w+)\(([^;{}]*?)\)\s*\{(.*?)^\}', re.M | re.S)
TRANSLATES = re.compile(r'\b(?:err_text|_|gettext)\((\w+)\)')

keywords = dict(re.findall(r'-k(\w+)(?::(\d+))?', csource.text('po/pot.sh')))
bad = []
for path in csource.files('lib/*.c', 'tools/*.c'):
  for m in FUNCTION.finditer(csource.code(path)):
    name, parameters, body = m.groups()
    parameters = [re.sub(r'.*?(\w+)(?:\[.*\])?$', r'\1', p.strip(), flags=re.S) for p in parameters.split(',')]
    at = str(len(parameters) - 1)
    # Those that take a va_list are called by those that take the arguments.
    if (parameters[-1] == '...' and name != 'err_text' and parameters[-2] in TRANSLATES.findall(body) and
        keywords.get(name) != at):
      bad.append('%s: %s translates its argument %s: po/pot.sh needs -k%s:%s' % (path, name, at, name, at))
print('\n'.join(bad), end='\n' if bad else '')
sys.exit(1 if bad else 0)
