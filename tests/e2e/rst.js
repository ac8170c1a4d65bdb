// How a test breaks a TCP connection off.
'use strict';

/*
 * With RST; both directions are over at once. A socket whose own end is still being sent is closed
 * without: node, told to reset such a one, spins for ever when its process is about to end.
 */
function breakOff(socket) {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}

module.exports = { breakOff };
