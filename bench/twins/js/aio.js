// What the async twins share: asyncio's sleep and Queue on promises.
"use strict";

// sleep(0) is one trip through the event loop, as in asyncio.
function sleep(seconds) {
  return new Promise((resolve) => (seconds === 0 ? setImmediate(resolve) : setTimeout(resolve, seconds * 1000)));
}

class Queue {
  constructor(limit = Infinity) {
    this.limit = limit;
    this.items = [];
    this.first = 0;
    this.getters = [];
    this.putters = [];
  }

  async put(item) {
    while (this.items.length - this.first >= this.limit) {
      await new Promise((resolve) => this.putters.push(resolve));
    }
    this.items.push(item);
    if (this.getters.length > 0) this.getters.shift()();
  }

  async get() {
    while (this.items.length === this.first) {
      await new Promise((resolve) => this.getters.push(resolve));
    }
    const item = this.items[this.first++];
    if (this.first > 1000 || this.first === this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    if (this.putters.length > 0) this.putters.shift()();
    return item;
  }
}

module.exports = { sleep, Queue };
