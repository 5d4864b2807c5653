'use strict';
// Runs one call of the library after the other on a thread of its own, so that the event loop stays free. The message
// of a failure belongs to the thread, so it is read here.

const {parentPort, workerData} = require('worker_threads');
const koffi = require('koffi');

const library = koffi.load(workerData.path);
const lastMessage = library.func('dni_last_message', 'const char *', []);
const functions = {};

parentPort.on('message', ({name, answer, kinds, given}) => {
  functions[name] ??= library.func(name, answer, kinds);
  const status = functions[name](...given);
  parentPort.postMessage({status, message: status === 0 ? '' : lastMessage()});
});
