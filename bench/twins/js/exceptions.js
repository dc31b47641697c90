class TooBig extends Error {
  constructor(amount) {
    super("too big");
    this.amount = amount;
  }
}

function check(i) {
  if (i % 3 === 0) throw new TooBig(i);
  if (i % 3 === 1) throw new RangeError("no");
  return i;
}

function careful(i, counter) {
  try {
    return check(i);
  } finally {
    counter.cleanups++;
  }
}

const n = Number(process.argv[2]);
const counter = { cleanups: 0 };
let total = 0;
for (let i = 0; i < n; i++) {
  try {
    total += careful(i, counter);
  } catch (e) {
    if (e instanceof RangeError) total += 1;
    else if (e instanceof TooBig) total -= e.amount % 10;
    else throw e;
  }
}
console.log(`checksum ${total} ${counter.cleanups}`);
