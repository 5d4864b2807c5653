/* Writes the inputs that fuzzing begins with: seeds FOLDER makes FOLDER/TARGET/... */
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

#include "fuzz.h"

static const char *folder;

static void put(const char *target, const char *name, const void *bytes, size_t size) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, target);
  (void)mkdir(path, 0777);
  (void)snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
  FILE *file = fopen(path, "wb");
  EXPECT(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "%s: cannot be written",
         path);
}

#define PUT(target, name, literal) put(target, name, literal, sizeof(literal) - 1)

/* Options, length of the labels, images, labels. */
static void put_idx(void) {
  PUT("idx", "two",
      "\0\12"
      "\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\1abcd"
      "\0\0\10\1\0\0\0\2\0\1");
  PUT("idx", "in_file",
      "\1\12"
      "\0\0\10\2\0\0\0\2\0\0\0\3abcdef"
      "\0\0\10\1\0\0\0\2\3\1");
  PUT("idx", "classes",
      "\10\11"
      "\0\0\10\2\0\0\0\1\0\0\0\1a"
      "\0\0\10\1\0\0\0\1\1");
  PUT("idx", "huge",
      "\0\11"
      "\0\0\10\2\177\377\377\377\0\1\0\0a"
      "\0\0\10\1\0\0\0\1\1");
  PUT("idx", "zip", "\0\0PK\3\4");
}

/* Pieces: kind, length, bytes. */
static void put_idx_gzip(void) {
  PUT("idx_gzip", "one",
      "\1\20"
      "\0\0\10\2\0\0\0\2\0\0\0\2abcd");
  PUT("idx_gzip", "members", "\0\4\0\0\10\2\1\10\0\0\0\2\0\0\0\2\0\0\1\4abcd\3\200");
  PUT("idx_gzip", "trailing", "\0\15\0\0\10\2\0\0\0\1\0\0\0\1a\3\5\2\1x");
  PUT("idx_gzip", "raw", "\2\15\0\0\10\2\0\0\0\1\0\0\0\1a");
  PUT("idx_gzip", "cut",
      "\4\20"
      "\0\0\10\2\0\0\0\2\0\0\0\2abcd");
}

static void put_csv(void) {
  PUT("csv", "plain",
      "\0\0"
      "1,2,3\n4,5,6\n");
  PUT("csv", "labels",
      "\7\1"
      "\xef\xbb\xbf"
      "\"1.5e3\" ; -2;0\r\n# word\n\n3;.5; 2\r");
  PUT("csv", "header",
      "\52\0"
      "a,b,c\n1,2,3\n1e-320,-0.0,+7");
  PUT("csv", "tabs",
      "\4\3"
      "1\t2\t3\n\n 4\t5\t6\n");
  PUT("csv", "wrong",
      "\0\0"
      "1,2\n0x1,nan\n");
}

/* Networks and trainings. --------------------------------------------------------------------- */

static void put_network(const char *name, dni_network *network) {
  fuzz_bytes file = {.data = NULL};
  const dni_writer writer = fuzz_writer(&file);
  EXPECT_FINE(dni_network_write(network, &writer));
  put("network", name, file.data, file.size);
  fuzz_bytes_free(&file);
}

static void put_layers(dni_context *context) {
  dni_network *network;
  dni_layer *layers[6];
  EXPECT_FINE(dni_network_create(context, &network));
  EXPECT_FINE(dni_layer_create_dense(context, 1, 2, DNI_ACTIVATION_LEAKY_RELU, &layers[0]));
  EXPECT_FINE(dni_layer_create_batch_norm(context, 2, &layers[1]));
  EXPECT_FINE(dni_layer_create_dropout(context, 2, 0.5, NULL, &layers[2]));
  EXPECT_FINE(dni_layer_create_layer_norm(context, 2, &layers[3]));
  EXPECT_FINE(dni_layer_create_activation(context, 2, DNI_ACTIVATION_GELU, &layers[4]));
  EXPECT_FINE(dni_layer_create_dense(context, 2, 1, DNI_ACTIVATION_IDENTITY, &layers[5]));
  for (int i = 0; i < 6; i++) {
    EXPECT_FINE(dni_network_add(network, layers[i]));
    dni_layer_release(layers[i]);
    if (i == 0) put_network("dense", network);
  }
  put_network("all", network);
  dni_network_release(network);
}

static void put_by_hand(void) {
  PUT("network", "double",
      "\211\1\0\0\0\0\0\0{\"__metadata__\":{\"layers\":\"1\",\"layers.0.kind\":\"dense\","
      "\"layers.0.inputs\":\"1\",\"layers.0.outputs\":\"1\",\"layers.0.activation\":\"relu\","
      "\"layers.0.rate_scale\":\"1\",\"note\":\"\\u00e9\"},\"layers.0.weight\":{\"dtype\":\"F64\","
      "\"shape\":[1,1],\"data_offsets\":[0,8]},\"layers.0.bias\":{\"dtype\":\"F32\",\"shape\":[1],"
      "\"data_offsets\":[8,12]},\"other\":{\"dtype\":\"U8\",\"shape\":[2,1,1],\"data_offsets\":"
      "[12,14]}}                    \0\0\0\0\0\0\360\77\0\0\0\77ab");
}

static void put_trainings(dni_context *context) {
  dni_dataset *dataset = fuzz_dataset(context);
  for (size_t i = 0; i < FUZZ_TRAININGS; i++) {
    const char name[] = {(char)('a' + i), 0};
    fuzz_bytes file = {.data = NULL};
    dni_trainer *trainer = fuzz_trainer(context, i);
    const dni_writer writer = fuzz_writer(&file);
    EXPECT_FINE(fuzz_fit(trainer, dataset));
    EXPECT_FINE(dni_trainer_write(trainer, &writer));
    EXPECT(fuzz_training_of(file.data, file.size) == i, "training %s is taken for another", name);
    put("training", name, file.data, file.size);
    fuzz_bytes_free(&file);
    dni_trainer_release(trainer);
  }
  dni_dataset_release(dataset);
}

/* The harness puts length and checksum right. */
static void put_old_network(void) {
  PUT("old_network", "dense",
      "\211DNI\r\n\32\n\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
      "\1\0\0\0\2\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\200\77\0\0\0\77crc");
  PUT("old_network", "norm",
      "\211DNI\r\n\32\n\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
      "\3\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\340\77\0\0\0\0\0\0\340\77"
      "\0\0\0\0\0\0\360\77\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\360\77"
      "\2\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0crc");
}

int main(int argc, char **argv) {
  EXPECT(argc == 2, "usage: seeds FOLDER");
  folder = argv[1];
  dni_context *context = fuzz_context(DNI_F32, 1 << 20);
  put_idx();
  put_idx_gzip();
  put_csv();
  put_layers(context);
  put_by_hand();
  put_old_network();
  put_trainings(context);
  fuzz_context_end(context);
  return 0;
}
