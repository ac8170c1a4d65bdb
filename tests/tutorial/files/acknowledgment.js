// Сервер: требовать подтверждения
socket.emit('important-message', data, (ack) => {
  if (ack === 'received') {
    console.log('Message acknowledged');
  } else {
    console.log('Message not acknowledged, retrying...');
  }
});

// Клиент: отправлять подтверждение
socket.on('important-message', (data, callback) => {
  processMessage(data);
  callback('received');
});
