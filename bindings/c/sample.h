/* What the five programs share: failures, and MNIST's data sets from a folder with its four files, plain or gzip. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <dni.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void check(dni_status status) {
  if (status == DNI_OK) return;
  fprintf(stderr, "%s\n", dni_last_message());
  exit(1);
}

static inline dni_context *seeded_context(void) {
  dni_context_options options = {.struct_size = sizeof options, .seed = 1};
  dni_context *context;
  check(dni_context_create(&options, &context));
  return context;
}

static inline dni_dataset *digits(dni_context *context, const char *folder, const char *name) {
  static const char *const kinds[] = {"images-idx3-ubyte", "labels-idx1-ubyte"};
  char paths[2][4096];
  dni_dataset *dataset;
  for (int i = 0; i < 2; i++) {
    snprintf(paths[i], sizeof paths[i], "%s/%s-%s", folder, name, kinds[i]);
    if (access(paths[i], R_OK))
      snprintf(paths[i], sizeof paths[i], "%s/%s-%s.gz", folder, name, kinds[i]);
  }
  check(dni_dataset_create_idx(context, paths[0], paths[1], NULL, &dataset));
  return dataset;
}

/* Adds a dense layer, which the network keeps. */
static inline void add_dense(dni_context *context, dni_network *network, size_t inputs,
                             size_t outputs, dni_activation activation) {
  dni_layer *layer;
  check(dni_layer_create_dense(context, inputs, outputs, activation, &layer));
  check(dni_network_add(network, layer));
  dni_layer_release(layer);
}

/* Puts an SG after a layer; the network keeps it. */
static inline void put_sg(dni_network *network, size_t after, dni_sg *sg) {
  check(dni_network_set_sg(network, after, sg));
  dni_sg_release(sg);
}

#endif
