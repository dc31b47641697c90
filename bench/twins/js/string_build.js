function line(i) {
  let s = "item " + i + ": ";
  for (let k = 0; k < 4; k++) {
    s += String((i * 31 + k * 7) % 1000);
    s += ",";
  }
  return s;
}

const n = Number(process.argv[2]);
const lines = [];
for (let i = 0; i < n; i++) lines.push(line(i));
let text = lines.join("\n");
text = text.replaceAll("item", "entry").toUpperCase();
const commas = text.split(",").length - 1;
let found = 0, longest = 0, checksum = 0;
for (const part of text.split("\n")) {
  if (part.length > longest) longest = part.length;
  found += part.indexOf("99");
  checksum = (checksum * 31 + part.charCodeAt(Math.floor(part.length / 2)) + part.slice(7, -3).length) % 1000000007;
}
console.log(`checksum ${checksum} ${text.length} ${commas} ${found} ${longest}`);
