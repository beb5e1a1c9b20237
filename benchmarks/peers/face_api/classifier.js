// face-api's expression network alone: a process that times and reads faces when asked.
//
// Runs on Node with the packages that install.py fetched, on TensorFlow.js' WASM backend (XNNPACK
// kernels) with one thread; its native backend downloads a library of its own and is not used. The
// protocol is that of ../fer/classifier.py: one JSON line in, one out.
//
//     classifier.js faces.npy                      faces: uint8, (N, 48, 48)
//     {"do": "time", "calls": 500}  ->  {"samples_ms": [...]}
//     {"do": "read"}                ->  {"labels": ["happy", ...]}, one for each face
//     {"do": "about"}               ->  {"versions": {...}, "model_bytes": ...}
//
// A timed call hands over one face that is already a tensor of 112 x 112 pixels in three channels,
// runs the model and takes the result.

'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');

const SIDE = 48;
const INPUT = 112;
const PACKAGES = ['@vladmandic/face-api', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];
const LABELS = {
  angry: 'angry',
  disgusted: 'disgust',
  fearful: 'fear',
  happy: 'happy',
  neutral: 'neutral',
  sad: 'sad',
  surprised: 'surprise',
};

// Where a package was installed.
function folderOf(name) {
  return path.join(process.env.NODE_PATH, ...name.split('/'));
}

// The faces of a NumPy file of version 1, each as bytes.
function readFaces(file) {
  const content = fs.readFileSync(file);
  const start = 10 + content.readUInt16LE(8);
  const faces = [];
  for (let at = start; at < content.length; at += SIDE * SIDE) {
    faces.push(new Uint8Array(content.subarray(at, at + SIDE * SIDE)));
  }
  return faces;
}

// Bytes of a face -> float tensor (112, 112, 3).
function prepared(face) {
  return tf.tidy(() => {
    const grey = tf.tensor3d(face, [SIDE, SIDE, 1], 'float32');
    return tf.tile(tf.image.resizeBilinear(grey, [INPUT, INPUT]), [1, 1, 3]);
  });
}

// Probabilities by face-api's names for one tensor.
function scores(face) {
  return faceapi.nets.faceExpressionNet.predictExpressions(face);
}

async function timed(faces, calls) {
  const samples = [];
  for (let number = 0; number < calls; number += 1) {
    const face = faces[number % faces.length];
    const started = process.hrtime.bigint();
    await scores(face);
    samples.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  return samples;
}

async function read(faces) {
  const labels = [];
  for (const face of faces) {
    const tensor = prepared(face);
    const said = await scores(tensor);
    tensor.dispose();
    labels.push(LABELS[said.asSortedArray()[0].expression]);
  }
  return labels;
}

function about() {
  const versions = {};
  for (const name of PACKAGES) {
    versions[name] = JSON.parse(fs.readFileSync(path.join(folderOf(name), 'package.json'))).version;
  }
  const model = path.join(folderOf(PACKAGES[0]), 'model', 'face_expression_model.bin');
  return { versions, model_bytes: fs.statSync(model).size };
}

async function main() {
  wasm.setWasmPaths(`${folderOf('@tensorflow/tfjs-backend-wasm')}/dist/`);
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  await faceapi.nets.faceExpressionNet.loadFromDisk(path.join(folderOf(PACKAGES[0]), 'model'));
  const faces = readFaces(process.argv[2]);
  const tensors = faces.slice(0, 64).map(prepared);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    if (request.do === 'time') {
      answer = { samples_ms: await timed(tensors, request.calls) };
    } else if (request.do === 'read') {
      answer = { labels: await read(faces) };
    } else {
      answer = about();
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
