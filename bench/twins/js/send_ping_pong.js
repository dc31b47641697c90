function* player(skill) {
  let ball = yield;
  let hits = 0;
  for (;;) {
    hits++;
    ball = yield ball + skill + (hits % 3);
  }
}

const n = Number(process.argv[2]);
const ping = player(1), pong = player(2);
ping.next();
pong.next();
let ball = 0;
for (let i = 0; i < n; i++) {
  ball = ping.next(ball).value;
  ball = pong.next(ball).value;
}
console.log("checksum " + ball);
