class Tree {
  constructor(left, right) {
    this.left = left;
    this.right = right;
  }

  count() {
    return this.left === null ? 1 : 1 + this.left.count() + this.right.count();
  }
}

function make(depth) {
  return depth === 0 ? new Tree(null, null) : new Tree(make(depth - 1), make(depth - 1));
}

const depth = Number(process.argv[2]);
const lasting = make(depth);
let total = 0;
for (let d = 4; d <= depth; d += 2) {
  for (let i = 0; i < 2 ** (depth - d + 2); i++) total += make(d).count();
}
console.log(`checksum ${total} ${lasting.count()}`);
