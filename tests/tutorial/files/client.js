// client.js
import { io } from 'socket.io-client';

class WebSocketClient {
  constructor(url, token) {
    this.url = url;
    this.token = token;
    this.socket = null;
    this.reconnectAttempts = 0;
    this.maxReconnectAttempts = 10;
    this.messageQueue = [];
  }

  connect() {
    this.socket = io(this.url, {
      auth: { token: this.token },
      transports: ['websocket', 'polling'],
      reconnection: true,
      reconnectionDelay: 1000,
      reconnectionDelayMax: 5000,
      reconnectionAttempts: this.maxReconnectAttempts,
      timeout: 20000,
    });

    this.socket.on('connect', () => {
      console.log('Connected to WebSocket');
      this.reconnectAttempts = 0;

      // Отправить накопленные сообщения
      this.flushMessageQueue();

      // Повторная подписка на комнаты
      this.resubscribeToRooms();
    });

    this.socket.on('disconnect', (reason) => {
      console.log('Disconnected:', reason);

      if (reason === 'io server disconnect') {
        // Сервер явно отключил → переподключение вручную
        this.socket.connect();
      }
    });

    this.socket.on('connect_error', (error) => {
      console.error('Connection error:', error.message);
      this.reconnectAttempts++;

      if (this.reconnectAttempts >= this.maxReconnectAttempts) {
        console.error('Max reconnection attempts reached');
        this.onMaxReconnectAttempts();
      }
    });

    this.socket.on('error', (error) => {
      console.error('Socket error:', error);
    });

    // Application events
    this.socket.on('message', (data) => {
      this.handleMessage(data);
    });

    this.socket.on('user-typing', (data) => {
      this.handleTyping(data);
    });

    this.socket.on('user-left', (data) => {
      this.handleUserLeft(data);
    });
  }

  sendMessage(roomId, content) {
    const message = { roomId, content };

    if (this.socket.connected) {
      this.socket.emit('message', message);
    } else {
      // Накопить для отправки после переподключения
      this.messageQueue.push(message);
    }
  }

  flushMessageQueue() {
    while (this.messageQueue.length > 0) {
      const message = this.messageQueue.shift();
      this.socket.emit('message', message);
    }
  }

  joinRoom(roomId) {
    this.socket.emit('join-room', { roomId });
  }

  leaveRoom(roomId) {
    this.socket.emit('leave-room', { roomId });
  }

  resubscribeToRooms() {
    // Восстановить подписки на комнаты после переподключения
    const rooms = this.getRoomsFromLocalState();
    rooms.forEach(roomId => this.joinRoom(roomId));
  }

  handleMessage(data) {
    console.log('New message:', data);
    // Update UI
  }

  handleTyping(data) {
    console.log(`${data.username} is typing...`);
    // Show typing indicator
  }

  handleUserLeft(data) {
    console.log(`${data.username} left`);
    // Update user list
  }

  onMaxReconnectAttempts() {
    // Показать пользователю сообщение о проблемах с соединением
    alert('Unable to connect to server. Please refresh the page.');
  }

  disconnect() {
    if (this.socket) {
      this.socket.disconnect();
    }
  }
}

// Использование
const client = new WebSocketClient('https://ws.example.com', 'user-token-123');
client.connect();

client.sendMessage('room-1', 'Hello, world!');
