#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Functions that are never used in lib/ and tools/: no bound, hidden state, or no way to tell an error."""
import re
import sys
import csource

BANNED = re.compile(r'(?<![\w.>])(strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|gets|gmtime|localtime|asctime|ctime|'
                    r'atoi|atol|atoll|atof|alloca|rand|srand|random|tmpnam|mktemp|system|exit|abort)\s*\(')
# Ending the process is for tools.
TOOLS_MAY = ('exit', 'abort')

bad = ['%s:%d: %s() is banned' % (path, n, m.group(1))
       for path in csource.files('lib/*.c', 'lib/*.h', 'tools/*.c', 'tools/*.h')
       for n, line in csource.numbered(path) for m in BANNED.finditer(line)
       if not (path.startswith('tools/') and m.group(1) in TOOLS_MAY)]
print('\n'.join(bad), end='\n' if bad else '')
sys.exit(1 if bad else 0)
