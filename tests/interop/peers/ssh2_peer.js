// ssh2 for node in both roles, as a program of its own: what it prints on stderr drives the tests.
//
// client HOST PORT USER KEY[,KEY...] HOST_KEY_LINE REKEY_BYTES TARGET...   forwards, until it is ended
// server PORT HOST_KEY AUTHORIZED_KEYS REKEY_BYTES                         serves forwards, until then
//
// The keys are tried in their order; REKEY_BYTES 0 leaves it to the other side.
'use strict';

const fs = require('fs');
const net = require('net');
const {setTimeout: sleep} = require('timers/promises');
const {Client, Server, utils} = require('ssh2');

const LOGIN_TAKES = 200;  // milliseconds: as long as asking a database

const say = (text) => process.stderr.write(`ssh2: ${text}\n`);
const fail = (what) => (error) => {
  say(`${what}: ${error.message}`);
  process.exit(1);
};
const blob = (line) => utils.parseKey(line).getPublicSSH();

// Joins a socket and a channel: an end of one direction is passed on, a reset or a hang-up is the
// end of both.
function join(socket, channel, count) {
  socket.on('data', (data) => count(data.length));
  channel.on('data', (data) => count(data.length));
  socket.pipe(channel).pipe(socket);
  channel.stderr.resume?.();  // a client's channel closes when that has ended, too
  socket.on('error', () => channel.close());
  channel.on('error', () => socket.destroy());
  channel.on('close', () => {
    if (!socket.readableEnded) socket.destroy();
  });
}

// Calls rekey() whenever so many bytes went either way.
function rekeying(bytes, rekey) {
  let left = bytes;
  return (length) => {
    left -= length;
    if (bytes === 0 || left > 0) return;
    left = bytes;
    rekey();
  };
}

function client(host, port, username, keys, hostKey, rekeyBytes, ...targets) {
  const connection = new Client();
  const count = rekeying(Number(rekeyBytes), () => connection._protocol.rekey());
  const tries = keys.split(',').map((path) => ({
    type: 'publickey', username, key: fs.readFileSync(path)}));
  connection.on('error', fail('the connection ended'));
  connection.on('close', () => fail('the connection ended')(new Error('closed')));
  connection.on('ready', () => {
    for (const target of targets) {
      const [targetHost, targetPort] = target.split(':');
      const listener = net.createServer({allowHalfOpen: true, pauseOnConnect: true}, (socket) => {
        connection.forwardOut('127.0.0.1', 1, targetHost, Number(targetPort), (error, channel) => {
          if (error) {
            say(`not opened: ${error.message}`);
            socket.resetAndDestroy();
            return;
          }
          join(socket, channel, count);
          socket.resume();
        });
      });
      listener.listen(0, '127.0.0.1', () =>
        say(`forwarding ${listener.address().port} -> ${target}`));
    }
  });
  connection.connect({
    host, port: Number(port), username, authHandler: tries,
    hostVerifier: (shown) => shown.equals(blob(hostKey))});
}

function server(port, hostKey, authorizedKeys, rekeyBytes) {
  const authorized = utils.parseKey(fs.readFileSync(authorizedKeys));
  const isRight = (attempt) => {
    if (attempt.method !== 'publickey') return false;
    if (!attempt.key.data.equals(authorized.getPublicSSH())) return false;
    return !attempt.signature ||
      authorized.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
  };
  const listener = new Server({hostKeys: [fs.readFileSync(hostKey)]}, (connection) => {
    const count = rekeying(Number(rekeyBytes), () => connection.rekey());
    connection.on('error', (error) => say(`the connection ended: ${error.message}`));
    connection.on('authentication', async (attempt) => {
      await sleep(LOGIN_TAKES);
      if (isRight(attempt)) attempt.accept();
      else attempt.reject(['publickey']);
    });
    connection.on('tcpip', (accept, reject, {destIP, destPort}) => {
      const socket = net.connect({host: destIP, port: destPort, allowHalfOpen: true});
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        join(socket, accept(), count);
      });
    });
  });
  listener.listen(Number(port), '127.0.0.1', () => say(`listening on ${listener.address().port}`));
}

({client, server})[process.argv[2]](...process.argv.slice(3));
