const { Queue } = require("./aio.js");

const MEMBERS = 503;

async function member(number, inbox, outbox, finished) {
  for (;;) {
    const token = await inbox.get();
    if (token === 0) await finished.put(number);
    await outbox.put(token - 1);
    if (token <= 0) return;
  }
}

async function main(n) {
  const finished = new Queue();
  const queues = [];
  for (let i = 0; i < MEMBERS; i++) queues.push(new Queue());
  const members = [];
  for (let i = 0; i < MEMBERS; i++) {
    members.push(member(i + 1, queues[i], queues[(i + 1) % MEMBERS], finished));
  }
  await queues[0].put(n);
  const winner = await finished.get();
  await Promise.all(members);
  console.log("checksum " + winner);
}

main(Number(process.argv[2]));
