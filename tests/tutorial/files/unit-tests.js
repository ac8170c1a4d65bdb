const { createServer } = require('http');
const { Server } = require('socket.io');
const Client = require('socket.io-client');

describe('WebSocket Server', () => {
  let io, serverSocket, clientSocket;

  beforeAll((done) => {
    const httpServer = createServer();
    io = new Server(httpServer);

    httpServer.listen(() => {
      const port = httpServer.address().port;
      clientSocket = new Client(`http://localhost:${port}`);

      io.on('connection', (socket) => {
        serverSocket = socket;
      });

      clientSocket.on('connect', done);
    });
  });

  afterAll(() => {
    io.close();
    clientSocket.close();
  });

  test('should send message to client', (done) => {
    clientSocket.on('hello', (arg) => {
      expect(arg).toBe('world');
      done();
    });

    serverSocket.emit('hello', 'world');
  });

  test('should receive message from client', (done) => {
    serverSocket.on('hello', (arg) => {
      expect(arg).toBe('world');
      done();
    });

    clientSocket.emit('hello', 'world');
  });

  test('should broadcast to room', (done) => {
    const client2 = new Client(`http://localhost:${httpServer.address().port}`);

    client2.on('connect', () => {
      clientSocket.emit('join-room', 'test-room');
      client2.emit('join-room', 'test-room');

      setTimeout(() => {
        let received = 0;

        const checkDone = () => {
          received++;
          if (received === 2) {
            client2.close();
            done();
          }
        };

        clientSocket.on('room-message', checkDone);
        client2.on('room-message', checkDone);

        serverSocket.to('test-room').emit('room-message', 'hello');
      }, 100);
    });
  });
});
