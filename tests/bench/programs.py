# SPDX-License-Identifier: BSD-2-Clause
"""The programs under comparison. Each has the same five calls; a place is a folder of its own for repository, keys and
caches. What a program cannot do (a pipe has no "nothing changed") gives None."""
import os
import shutil
import subprocess

import measure

PASSWORD = 'correct horse battery staple'


def _version(argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split('\n')[0].strip()


class Hozen:
    name = 'hozen'

    def __init__(self, path):
        self.path = path
        self.version = _version([path, '--version'])

    def prepare(self, place):
        secret = f'{place}/passphrase'
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), 'w', encoding='ascii') as f:
            f.write(PASSWORD)
        self.env = {'HOZEN_REPO': f'{place}/repo', 'HOZEN_KEY_FILE': f'{place}/writer.key', 'HOZEN_STATE_DIR': f'{place}/state',
                    'HOZEN_CACHE_DIR': f'{place}/cache', 'HOZEN_PASSPHRASE_FILE': secret}
        self.repo = f'{place}/repo'
        measure.run([[self.path, 'init', '-q']], self.env)
        measure.run([[self.path, 'key', 'export', '-q', '--role', 'reader', '--out', f'{place}/reader.key']], self.env)
        self.reader = {**self.env, 'HOZEN_KEY_FILE': f'{place}/reader.key'}

    def backup(self, source):
        return measure.run([[self.path, 'create', '-q', source]], self.env)

    unchanged = backup

    def check(self):
        return measure.run([[self.path, 'check', '--read-data', '-q']], self.reader)

    def restore(self, target):
        return measure.run([[self.path, 'restore', 'latest', '-q', '--target', target]], self.reader)


class Restic:
    name = 'restic'

    def __init__(self, path):
        self.path = path
        self.version = ' '.join(_version([path, 'version']).split()[:2])

    def prepare(self, place):
        self.repo = f'{place}/repo'
        self.env = {'RESTIC_REPOSITORY': self.repo, 'RESTIC_PASSWORD': PASSWORD, 'RESTIC_CACHE_DIR': f'{place}/cache'}
        measure.run([[self.path, '-q', 'init']], self.env)

    def backup(self, source):
        return measure.run([[self.path, '-q', 'backup', source]], self.env)

    unchanged = backup

    def check(self):
        return measure.run([[self.path, '-q', 'check', '--read-data']], self.env)

    def restore(self, target):
        return measure.run([[self.path, '-q', 'restore', 'latest', '--target', target]], self.env)


class Borg:
    def __init__(self, path, compression):
        self.path, self.compression = path, compression
        self.name = 'borg ' + compression
        self.version = _version([path, '--version'])

    def prepare(self, place):
        self.repo = f'{place}/repo'
        self.env = {'BORG_REPO': self.repo, 'BORG_PASSPHRASE': PASSWORD, 'BORG_BASE_DIR': f'{place}/base'}
        os.makedirs(f'{place}/base')
        measure.run([[self.path, 'init', '-e', 'repokey-blake2']], self.env)

    def _create(self, archive, source):
        return measure.run([[self.path, 'create', '-C', self.compression, '::' + archive, source]], self.env)

    def backup(self, source):
        return self._create('first', source)

    def unchanged(self, source):
        return self._create('second', source)

    def check(self):
        return measure.run([[self.path, 'check', '--verify-data']], self.env)

    def restore(self, target):
        os.makedirs(target)
        return measure.run([[self.path, 'extract', '::first']], self.env, cwd=target)


class Pipe:
    """tar | zstd -1 | chacha20: no deduplication, no authentication, no parity, no index, no fsync."""
    name = 'pipe'
    key = ['-K', '00' * 31 + '01', '-iv', '00' * 16, '-bufsize', '65536']

    def __init__(self):
        self.version = 'tar | zstd -1 | chacha20'

    def prepare(self, place):
        self.repo = f'{place}/archive'

    def backup(self, source):
        return measure.run([['tar', '--format=posix', '-C', '/', '-cf', '-', source.lstrip('/')], ['zstd', '-1', '-q', '-c'],
                            ['openssl', 'enc', '-chacha20', *self.key]], out=self.repo)

    def unchanged(self, source):
        return None

    def _decrypt(self):
        return ['openssl', 'enc', '-d', '-chacha20', *self.key, '-in', self.repo]

    def check(self):
        return measure.run([self._decrypt(), ['zstd', '-t', '-q']])

    def restore(self, target):
        os.makedirs(target)
        return measure.run([self._decrypt(), ['zstd', '-dc', '-q'], ['tar', '-C', target, '-xpf', '-']])


def available(restic, borg, say):
    """All programs that are here; say is told of those that are not. Nothing is ever fetched."""
    found = [Hozen(os.path.join(os.environ['HOZEN_BIN'], 'hozen-backup'))]
    if all(shutil.which(p) for p in ('tar', 'zstd', 'openssl')):
        found.append(Pipe())
    else:
        say('the pipe is left out: it needs tar, zstd and openssl')
    if path := shutil.which(restic):
        found.append(Restic(path))
    else:
        say('restic is left out: name one by --restic or RESTIC')
    if path := shutil.which(borg):
        found += [Borg(path, 'lz4'), Borg(path, 'zstd,3')]
    else:
        say('Borg is left out: name one by --borg or BORG')
    return found
