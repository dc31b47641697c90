class Node {
  constructor(left, key, right) {
    this.left = left;
    this.key = key;
    this.right = right;
  }
}

function build(low, high) {
  if (low >= high) return null;
  const middle = Math.floor((low + high) / 2);
  return new Node(build(low, middle), middle, build(middle + 1, high));
}

function* walk(node) {
  if (node !== null) {
    yield* walk(node.left);
    yield node.key;
    yield* walk(node.right);
  }
}

const tree = build(0, Number(process.argv[2]));
let total = 0;
for (let round = 0; round < 5; round++) {
  let sign = 1;
  for (const key of walk(tree)) {
    total += sign * key;
    sign = -sign;
  }
}
console.log("checksum " + total);
