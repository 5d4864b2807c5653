// A C++ program whose callbacks throw through the library: out of a step callback of fit and out of the
// forward of a layer on the calling thread. It catches what it threw, and the trainer goes on.
#include <dni.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {

const std::size_t rows = 8, inputs = 4, outputs = 2, examples = 40;
int calls_left = -1; // until something throws; below 0: nothing does

void check(dni_status status) {
  if (status == DNI_OK) return;
  std::fprintf(stderr, "exceptions: %s\n", dni_last_message());
  std::exit(1);
}

void require(bool condition, const char *what) {
  if (condition) return;
  std::fprintf(stderr, "exceptions: %s\n", what);
  std::exit(1);
}

void perhaps_throw() {
  if (calls_left >= 0 && calls_left-- == 0) throw std::runtime_error("thrown by a callback");
}

dni_status step(void *, const dni_step_report *) {
  perhaps_throw();
  return DNI_OK;
}

dni_status forward(void *user, const dni_layer_call *call) {
  if (user) perhaps_throw();
  return dni_matrix_copy(call->x, call->y);
}

dni_status backward(void *, const dni_layer_call *call) {
  return call->dx ? dni_matrix_copy(call->dy, call->dx) : DNI_OK;
}

dni_layer *own_layer(dni_context *context, void *user) {
  dni_layer_callbacks callbacks = dni_layer_callbacks();
  callbacks.struct_size = sizeof callbacks;
  callbacks.user = user;
  callbacks.forward = forward;
  callbacks.backward = backward;
  dni_layer *layer;
  check(dni_layer_create_callback(context, inputs, inputs, &callbacks, &layer));
  return layer;
}

// The layer that throws is the lowest, which the calling thread has in every schedule.
dni_network *make_network(dni_context *context, bool with_sg, bool throws) {
  dni_network *network;
  dni_layer *layer;
  check(dni_network_create(context, &network));
  layer = own_layer(context, throws ? &calls_left : NULL);
  check(dni_network_add(network, layer));
  dni_layer_release(layer);
  check(dni_layer_create_dense(context, inputs, outputs, DNI_ACTIVATION_IDENTITY, &layer));
  check(dni_network_add(network, layer));
  dni_layer_release(layer);
  if (with_sg) {
    dni_sg *sg;
    check(dni_sg_create_synthetic(context, inputs, outputs, NULL, &sg));
    check(dni_network_set_sg(network, 0, sg));
    dni_sg_release(sg);
  }
  return network;
}

dni_dataset *make_dataset(dni_context *context) {
  static float x[examples * inputs];
  static int32_t labels[examples];
  for (std::size_t i = 0; i < examples * inputs; i++)
    x[i] = static_cast<float>(i * 37 % 101) / 101;
  for (std::size_t i = 0; i < examples; i++)
    labels[i] = static_cast<int32_t>(i % outputs);
  dni_matrix view, label_view;
  dni_matrix_init_f32(&view, x, examples, inputs);
  dni_matrix_init_labels(&label_view, labels, examples);
  dni_dataset *dataset;
  check(dni_dataset_create_memory(context, &view, &label_view, NULL, &dataset));
  return dataset;
}

dni_status fit(dni_trainer *trainer, dni_dataset *dataset) {
  dni_fit_options options = dni_fit_options();
  options.struct_size = sizeof options;
  options.steps = 10;
  options.callback = step;
  return dni_trainer_fit(trainer, dataset, &options);
}

void try_schedule(dni_context *context, dni_kind schedule, bool layer_throws) {
  bool pipelined = schedule == DNI_SCHEDULE_PIPELINED;
  dni_network *network = make_network(context, pipelined, layer_throws);
  dni_dataset *dataset = make_dataset(context);
  dni_loss *loss;
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  dni_trainer_options options = dni_trainer_options();
  options.struct_size = sizeof options;
  options.max_batch = rows;
  options.schedule = schedule;
  dni_trainer *trainer;
  check(dni_trainer_create(network, loss, &options, &trainer));
  for (int time = 0; time < 3; time++) {
    bool caught = false;
    calls_left = 3 + time;
    try {
      check(fit(trainer, dataset));
    } catch (const std::runtime_error &) {
      caught = true;
    }
    require(caught, "the exception did not arrive");
    calls_left = -1;
    check(fit(trainer, dataset));
  }
  dni_trainer_release(trainer);
  dni_loss_release(loss);
  dni_dataset_release(dataset);
  dni_network_release(network);
}

} // namespace

int main() {
  dni_context *context;
  check(dni_context_create(NULL, &context));
  std::size_t bytes = dni_context_bytes(context);
  const dni_kind schedules[] = {DNI_SCHEDULE_SEQUENTIAL, DNI_SCHEDULE_PIPELINED,
                                DNI_SCHEDULE_MICRO_BATCHES};
  for (int i = 0; i < 3; i++)
    for (int layer = 0; layer < 2; layer++)
      try_schedule(context, schedules[i], layer != 0);
  require(dni_context_bytes(context) == bytes, "memory is left");
  dni_context_release(context);
  std::printf("libdni %s: exceptions pass\n", dni_version_string());
  return 0;
}
