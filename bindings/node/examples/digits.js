'use strict';
// MNIST's data sets from a folder with its four files, plain or gzip.

const dni = require('libdni');
const fs = require('fs');

const file = (path) => (fs.existsSync(path) ? path : `${path}.gz`);

exports.digits = (context, folder, name) => dni.Dataset.idx(context, file(`${folder}/${name}-images-idx3-ubyte`),
  file(`${folder}/${name}-labels-idx1-ubyte`));
