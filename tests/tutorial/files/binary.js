// Отправка binary data (эффективнее JSON)
const buffer = Buffer.from([1, 2, 3, 4, 5]);
socket.emit('binary-data', buffer);

// Получение
socket.on('binary-data', (buffer) => {
  console.log('Received buffer:', buffer);
});
