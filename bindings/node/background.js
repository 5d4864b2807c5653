'use strict';
// Calls that take long: on threads of worker.js, as promises. A process does not end while one is running, unless
// it is told to; then trainings are cancelled first, since a thread cannot be taken out of the library.

const {Worker} = require('worker_threads');
const {path: file, failure} = require('./core.js');
const {prototypes} = require('./interface.js');
const {join} = require('path');

const idle = [];

function worker() {
  const found = idle.pop();
  if (found) return found;
  const made = new Worker(join(__dirname, 'worker.js'), {workerData: {path: file}});
  made.unref();
  return made;
}

// The promise of a call. `alive` is what the call uses, addresses being all that it is given.
function call(name, given, alive) {
  const [answer, kinds] = prototypes[name], thread = worker();
  thread.ref();
  return new Promise((resolve, reject) => {
    const done = ({status, message}) => {
      thread.off('error', reject);
      thread.unref();
      idle.push(thread);
      if (status === 0) resolve(alive && undefined);
      else reject(failure(status, message));
    };
    thread.once('message', done);
    thread.once('error', reject);
    thread.postMessage({name, answer, kinds, given});
  });
}

module.exports = {call};
