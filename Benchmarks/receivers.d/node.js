// node node.js PORT KEEP_ALIVE_SECONDS
const fs = require('fs'), http = require('http');
const ids = fs.openSync(process.env.IDS, 'a');
const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const id = request.headers['webhook-id'];
    if (id) fs.writeSync(ids, id + '\n');
    response.end('ok');
  });
});
server.keepAliveTimeout = 1000 * Number(process.argv[3]);
server.listen(Number(process.argv[2]), '127.0.0.1');
