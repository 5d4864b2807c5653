/** \file
 * Objects of C++ that the library calls: layers, losses, SGs, products, metrics, schedules, data, streams, logs.
 *
 * A part is a class of yours with functions of the names below. It is moved into the library, which destroys it
 * when nothing uses it any more. What a function throws is thrown again by the call that needed it. */
#ifndef DNI_CPP_PARTS_HPP
#define DNI_CPP_PARTS_HPP

#include "core.hpp"

namespace dni {

/** A parameter of a part: its value, and its gradient, or no matrix if it is not trained. The memory must not move
 * while the part lives. */
struct parameter_view {
  out_matrix value;
  out_matrix gradient;
};

namespace detail {

/** The status of a function that may throw. It answers a status or nothing. */
template <class Run> dni_status guarded(Run &&run) noexcept {
  try {
    if constexpr (std::is_void<decltype(run())>::value) {
      run();
      return DNI_OK;
    } else {
      return run();
    }
  } catch (const std::exception &thrown) {
    return thrown_exceptions::keep(std::current_exception(), thrown.what());
  } catch (...) {
    return thrown_exceptions::keep(std::current_exception(), "an exception of another kind");
  }
}

template <class Part> Part &at(void *user) {
  return *static_cast<Part *>(user);
}
template <class Part> void destroy(void *user) {
  delete static_cast<Part *>(user);
}

/* DNI_CPP_HAS(name, call): has_name<Part>, whether a part has a function that can be called so. */
#define DNI_CPP_HAS(name, call)                                                                    \
  template <class Part, class = void> struct has_##name : std::false_type {};                      \
  template <class Part>                                                                            \
  struct has_##name<Part, std::void_t<decltype(std::declval<Part &>().call)>> : std::true_type {};
DNI_CPP_HAS(parameters, parameters())
DNI_CPP_HAS(state_bytes, state_bytes(std::size_t()))
DNI_CPP_HAS(changed, changed())
DNI_CPP_HAS(copy, copy())
DNI_CPP_HAS(correct, correct(std::declval<const dni_loss_call &>()))
DNI_CPP_HAS(learn, learn(std::declval<const dni_sg_call &>()))
DNI_CPP_HAS(needs, needs())
DNI_CPP_HAS(learns, learns())
DNI_CPP_HAS(set_threads, set_threads(std::size_t()))
DNI_CPP_HAS(f32, f32())
DNI_CPP_HAS(f64, f64())
DNI_CPP_HAS(bf16, bf16())
DNI_CPP_HAS(position, position())
DNI_CPP_HAS(seek, seek(std::uint64_t()))
#undef DNI_CPP_HAS

/** What a function answers that cannot say that it failed: its exception is thrown later. */
template <class Answer, class Run> Answer answered(Answer otherwise, Run &&run) noexcept {
  try {
    return run();
  } catch (...) {
    thrown_exceptions::keep_late(std::current_exception());
    return otherwise;
  }
}

template <class Part>
dni_status parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  return guarded([&] {
    const parameter_view view = at<Part>(user).parameters().at(index);
    if (!view.value.view()) throw std::invalid_argument("a parameter without a value");
    *value = *view.value.view();
    if (view.gradient.view()) *gradient = *view.gradient.view();
  });
}

/** Fields that tables of layers and SGs share. */
template <class Part, class Table> void fill_parameters(Part &part, Table &table) {
  if constexpr (has_parameters<Part>::value) {
    table.parameter_count = part.parameters().size();
    table.parameter = parameter<Part>;
  }
  if constexpr (has_changed<Part>::value) {
    table.changed = [](void *user) {
      answered(0, [&] {
        at<Part>(user).changed();
        return 0;
      });
    };
  }
}

/** forward(const dni_layer_call &), backward(const dni_layer_call &); parameters(), state_bytes(rows), changed(), and
 * copy(), which answers another part. */
template <class Part> options<dni_layer_callbacks> layer_table(Part &part) {
  options<dni_layer_callbacks> table;
  table.user = &part;
  table.destroy = destroy<Part>;
  table.forward = [](void *user, const dni_layer_call *call) {
    return guarded([&] { return at<Part>(user).forward(*call); });
  };
  table.backward = [](void *user, const dni_layer_call *call) {
    return guarded([&] { return at<Part>(user).backward(*call); });
  };
  if constexpr (has_state_bytes<Part>::value) {
    table.state_bytes = [](void *user, size_t rows) {
      return answered(size_t(0), [&]() -> size_t { return at<Part>(user).state_bytes(rows); });
    };
  }
  if constexpr (has_copy<Part>::value) {
    table.copy = [](void *user, void **copy) {
      return guarded([&] { *copy = new Part(at<Part>(user).copy()); });
    };
  }
  fill_parameters(part, table);
  return table;
}

/** evaluate(const dni_loss_call &); correct(const dni_loss_call &). */
template <class Part> options<dni_loss_callbacks> loss_table(Part &part) {
  options<dni_loss_callbacks> table;
  table.user = &part;
  table.destroy = destroy<Part>;
  table.evaluate = [](void *user, const dni_loss_call *call) {
    return guarded([&] { return at<Part>(user).evaluate(*call); });
  };
  if constexpr (has_correct<Part>::value) {
    table.correct = [](void *user, const dni_loss_call *call) {
      return guarded([&] { return at<Part>(user).correct(*call); });
    };
  }
  return table;
}

/** estimate(const dni_sg_call &); learn(const dni_sg_call &), parameters(), changed(); needs() and learns(). */
template <class Part> options<dni_sg_callbacks> sg_table(Part &part) {
  options<dni_sg_callbacks> table;
  table.user = &part;
  table.destroy = destroy<Part>;
  table.estimate = [](void *user, const dni_sg_call *call) {
    return guarded([&] { return at<Part>(user).estimate(*call); });
  };
  if constexpr (has_learn<Part>::value) {
    table.learns = DNI_SG_LEARNS_TARGET;
    table.learn = [](void *user, const dni_sg_call *call) {
      return guarded([&] { return at<Part>(user).learn(*call); });
    };
  }
  if constexpr (has_needs<Part>::value) table.needs = part.needs();
  if constexpr (has_learns<Part>::value) table.learns = part.learns();
  fill_parameters(part, table);
  return table;
}

/** product(const dni_product &); set_threads(threads); f32(), f64() and bf16() say what it can do, the first two unless
 * they say otherwise. */
template <class Part> options<dni_backend_callbacks> backend_table(Part &part) {
  options<dni_backend_callbacks> table;
  table.user = &part;
  table.destroy = destroy<Part>;
  table.f32 = table.f64 = 1;
  table.product = [](void *user, const dni_product *call) {
    return guarded([&] { return at<Part>(user).product(*call); });
  };
  if constexpr (has_set_threads<Part>::value) {
    table.set_threads = [](void *user, size_t threads) {
      return guarded([&] { return at<Part>(user).set_threads(threads); });
    };
  }
  if constexpr (has_f32<Part>::value) table.f32 = part.f32();
  if constexpr (has_f64<Part>::value) table.f64 = part.f64();
  if constexpr (has_bf16<Part>::value) table.bf16 = part.bf16();
  return table;
}

/** next(dni_batch &) fills in the views of the next batch, in memory that stays until the next call; no x ends the
 * stream. position() and seek(position), if a saved training shall go on from there. */
template <class Part> options<dni_stream> stream_table(Part &part) {
  options<dni_stream> table;
  table.user = &part;
  table.next = [](void *user, dni_batch *batch) {
    return guarded([&] { return at<Part>(user).next(*batch); });
  };
  if constexpr (has_position<Part>::value) {
    table.position = [](void *user, std::uint64_t *position) {
      return guarded([&] { *position = at<Part>(user).position(); });
    };
  }
  if constexpr (has_seek<Part>::value) {
    table.seek = [](void *user, std::uint64_t position) {
      return guarded([&] { return at<Part>(user).seek(position); });
    };
  }
  return table;
}

/** Hands a part to a create function. If that fails, the part is destroyed here. */
template <class C, class Part, class Table, class Create>
C *create_with(Part part, Table (*fill)(Part &), Create &&create) {
  auto own = std::make_unique<Part>(std::move(part));
  const Table table = fill(*own);
  C *out = nullptr;
  check(create(table, &out));
  own.release();
  return out;
}

} // namespace detail

/** A measure: the mean over a batch, of the network's outputs h = batch.x. */
using metric = std::function<double(const dni_batch &batch)>;

namespace detail {

inline dni_status evaluate_metric(void *user, const dni_batch *batch, double *value) {
  return guarded([&] { *value = at<metric>(user)(*batch); });
}

} // namespace detail

/** A schedule of steps. Set fields of `values`, or give a function of the step. */
class schedule {
public:
  options<dni_schedule> values;

  schedule() = default;
  explicit schedule(std::function<double(std::uint64_t)> function)
      : function_(std::make_unique<std::function<double(std::uint64_t)>>(std::move(function))) {
    values.kind = DNI_RATE_FUNCTION;
    values.function = [](void *user, std::uint64_t step) {
      return detail::answered(
          0.0, [&] { return detail::at<std::function<double(std::uint64_t)>>(user)(step); });
    };
  }

  /** What the schedule is at a step. */
  double value(std::uint64_t step) const {
    dni_schedule copy = values;
    copy.user = function_.get();
    double value = 0;
    check(dni_schedule_value(&copy, step, &value));
    return value;
  }

  /** Give it to an object by `set`, which gets a function of its own. */
  template <class Set> void give(Set &&set) const {
    dni_schedule copy = values;
    if (!function_) return check(set(&copy));
    using function = std::function<double(std::uint64_t)>;
    auto own = std::make_unique<function>(*function_);
    copy.user = own.get();
    copy.destroy = detail::destroy<function>;
    check(set(&copy));
    own.release();
  }

private:
  std::unique_ptr<std::function<double(std::uint64_t)>> function_;
};

/** Where a file goes: it is given pieces. */
using writer = std::function<void(const void *bytes, std::size_t size)>;
/** Where a file comes from: writes at most `size` bytes and answers how many; 0 at the end. */
using reader = std::function<std::size_t(void *bytes, std::size_t size)>;

namespace detail {

inline options<dni_writer> writer_table(const writer &write) {
  options<dni_writer> table;
  table.user = const_cast<writer *>(&write);
  table.write = [](void *user, const void *bytes, size_t size) {
    return guarded([&] { at<writer>(user)(bytes, size); });
  };
  return table;
}

inline options<dni_reader> reader_table(const reader &read) {
  options<dni_reader> table;
  table.user = const_cast<reader *>(&read);
  table.read = [](void *user, void *bytes, size_t size, size_t *got) {
    return guarded([&] { *got = at<reader>(user)(bytes, size); });
  };
  return table;
}

} // namespace detail

} // namespace dni

#endif
