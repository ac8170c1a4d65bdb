// A certificate authority of one test file, made with the openssl command.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const openssl = (dir, ...args) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const RSA = ['-newkey', 'rsa:2048'];

class Issuer {
  constructor(dir) {
    this.dir = dir;
    fs.mkdirSync(dir, { recursive: true });
    openssl(dir, 'req', '-x509', ...EC, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Test CA');
    this.ca = fs.readFileSync(path.join(dir, 'ca.pem'));
  }

  file(name) {
    return path.join(this.dir, name);
  }

  // Writes NAME.pem and NAME.key, a pair for this machine; serial is a number.
  issue(name, serial, { days = 30, kind = EC } = {}) {
    fs.writeFileSync(this.file('san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    openssl(this.dir, 'req', '-new', ...kind, '-nodes', '-keyout', `${name}.key`, '-out', 'new.csr', '-subj', '/CN=localhost');
    openssl(this.dir, 'x509', '-req', '-in', 'new.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', String(serial),
      '-days', String(days), '-extfile', 'san', '-out', `${name}.pem`);
    fs.chmodSync(this.file(`${name}.key`), 0o600);
    return { certificate: this.file(`${name}.pem`), key: this.file(`${name}.key`) };
  }
}

module.exports = { EC, Issuer, RSA };
