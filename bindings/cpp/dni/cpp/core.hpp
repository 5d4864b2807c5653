/** \file
 * What the classes are made of: errors, matrices, options, handles. */
#ifndef DNI_CPP_CORE_HPP
#define DNI_CPP_CORE_HPP

#include <dni.h>
#include <dni/research.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace dni {

/** A call of the library failed. */
class error : public std::runtime_error {
public:
  error(dni_status status, const char *message) : std::runtime_error(message), status_(status) {
  }

  /** A DNI_ERROR_ value, or a number of the caller's. */
  dni_status status() const noexcept {
    return status_;
  }

private:
  dni_status status_;
};

/** Exceptions that were thrown in callbacks. Each goes through the library as a number, and the call
 * that ran the callback throws it again, whatever thread it was thrown on. */
class thrown_exceptions {
public:
  static dni_status keep(std::exception_ptr thrown, const char *what) noexcept {
    dni_status number = DNI_ERROR_CALLBACK;
    try {
      const std::lock_guard<std::mutex> lock(mutex());
      number = first + last()++ % first;
      kept()[number] = std::move(thrown);
      if (kept().size() > most) kept().erase(kept().begin()); /* failures that were passed over */
    } catch (...) {
      number = DNI_ERROR_CALLBACK; /* no memory: the failure is told, the exception is lost */
    }
    return dni_fail(number, what);
  }

  /** One from a function that answers no status: the next check() throws it. */
  static void keep_late(std::exception_ptr thrown) noexcept {
    try {
      const std::lock_guard<std::mutex> lock(mutex());
      if (!late()) late() = std::move(thrown);
      is_late() = true;
    } catch (...) { /* a mutex that fails: the exception is lost */
    }
  }

  static void throw_late() {
    if (!is_late()) return;
    std::exception_ptr thrown;
    {
      const std::lock_guard<std::mutex> lock(mutex());
      std::swap(thrown, late());
      is_late() = false;
    }
    if (thrown) std::rethrow_exception(thrown);
  }

  /** The exception of a number, or an empty pointer. */
  static std::exception_ptr take(dni_status number) {
    const std::lock_guard<std::mutex> lock(mutex());
    const auto found = kept().find(number);
    if (found == kept().end()) return nullptr;
    std::exception_ptr thrown = found->second;
    kept().erase(found);
    return thrown;
  }

private:
  enum : dni_status { first = 1000000000, most = 256 };
  static std::mutex &mutex() {
    static std::mutex shared;
    return shared;
  }
  static std::exception_ptr &late() {
    static std::exception_ptr shared;
    return shared;
  }
  static std::atomic<bool> &is_late() {
    static std::atomic<bool> shared{false};
    return shared;
  }
  static dni_status &last() {
    static dni_status number = 0;
    return number;
  }
  static std::map<dni_status, std::exception_ptr> &kept() {
    static std::map<dni_status, std::exception_ptr> shared;
    return shared;
  }
};

/** Throws if a call has failed: what a callback threw, or a dni::error with the library's message. */
inline void check(dni_status status) {
  thrown_exceptions::throw_late();
  if (status == DNI_OK) return;
  if (const std::exception_ptr thrown = thrown_exceptions::take(status))
    std::rethrow_exception(thrown);
  throw error(status, dni_last_message());
}

/** A struct of options or a report: zeros, and its own size. Set the fields that matter. */
template <class Struct> struct options : Struct {
  options() : Struct{} {
    this->struct_size = sizeof(Struct);
  }
};

namespace detail {

template <class T> struct element;
template <> struct element<float> { static constexpr dni_dtype dtype = DNI_F32; };
template <> struct element<double> { static constexpr dni_dtype dtype = DNI_F64; };
template <> struct element<std::int32_t> { static constexpr dni_dtype dtype = DNI_I32; };
template <> struct element<std::uint8_t> { static constexpr dni_dtype dtype = DNI_U8; };

/** Whether a container owns its numbers, so that a view of a temporary one would be of memory that is gone. */
template <class T, class = void> struct owns : std::false_type {};
template <class T> struct owns<T, std::void_t<typename T::allocator_type>> : std::true_type {};
template <class T, std::size_t N> struct owns<std::array<T, N>> : std::true_type {};

} // namespace detail

/** A view of rows of numbers that a call reads. It owns nothing. A default one is no matrix (NULL). */
class matrix {
public:
  matrix() : view_{}, is_there_(false) {
  }

  /** [rows][columns] at `data`, `stride` elements from row to row; 0: columns. */
  template <class T>
  matrix(const T *data, std::size_t rows, std::size_t columns, std::size_t stride = 0)
      : view_{const_cast<T *>(data),     rows, columns, stride ? stride : columns,
              detail::element<T>::dtype, 0},
        is_there_(true) {
  }

  /** All of a vector, an array or a span of numbers, as `rows` rows. */
  template <class Numbers, class = decltype(std::declval<Numbers &>().data())>
  matrix(Numbers &&numbers, std::size_t rows)
      : matrix(numbers.data(), rows, rows ? numbers.size() / rows : 0) {
    static_assert(std::is_lvalue_reference<Numbers>::value || !detail::owns<Numbers>::value,
                  "a view of a temporary vector would be of memory that is gone");
    if (rows && numbers.size() % rows)
      throw std::invalid_argument("dni::matrix: rows of different length");
  }

  /** A view of C. */
  explicit matrix(const dni_matrix &view) : view_(view), is_there_(true) {
  }

  /** Some of the rows. */
  matrix rows_from(std::size_t first, std::size_t count) const {
    return matrix(part(first, count));
  }

  std::size_t rows() const noexcept {
    return view_.rows;
  }
  std::size_t columns() const noexcept {
    return view_.columns;
  }
  /** The view as C takes it; NULL for no matrix. */
  const dni_matrix *view() const noexcept {
    return is_there_ ? &view_ : nullptr;
  }

protected:
  dni_matrix part(std::size_t first, std::size_t count) const {
    if (first > view_.rows || count > view_.rows - first)
      throw std::out_of_range("dni::matrix: rows");
    static const std::size_t sizes[] = {0, 4, 8, 2, 2, 1, 4};
    dni_matrix view = view_;
    view.data = static_cast<char *>(view.data) + first * view.stride * sizes[view.dtype];
    view.rows = count;
    return view;
  }

  dni_matrix view_;
  bool is_there_;
};

/** A view of rows of numbers that a call may write. */
class out_matrix : public matrix {
public:
  out_matrix() = default;

  template <class T>
  out_matrix(T *data, std::size_t rows, std::size_t columns, std::size_t stride = 0)
      : matrix(data, rows, columns, stride) {
    static_assert(!std::is_const<T>::value, "what is written is not const");
  }

  template <class Numbers, class = decltype(std::declval<Numbers &>().data())>
  out_matrix(Numbers &&numbers, std::size_t rows) : matrix(std::forward<Numbers>(numbers), rows) {
    static_assert(
        !std::is_const<typename std::remove_pointer<decltype(numbers.data())>::type>::value,
        "what is written is not const");
  }

  explicit out_matrix(const dni_matrix &view) : matrix(view) {
  }

  out_matrix rows_from(std::size_t first, std::size_t count) const {
    return out_matrix(part(first, count));
  }

  dni_matrix *view() const noexcept {
    return is_there_ ? const_cast<dni_matrix *>(&view_) : nullptr;
  }

  /** The elements, if they are of this type; else NULL. */
  template <class T> T *data() const noexcept {
    return view_.dtype == detail::element<T>::dtype ? static_cast<T *>(view_.data) : nullptr;
  }
};

/** One counted reference to an object of the library. Copying takes another one. */
template <class C, C *(*Retain)(C *), void (*Release)(C *)> class handle {
public:
  handle() noexcept = default;
  /** Takes over a reference. */
  explicit handle(C *owned) noexcept : pointer_(owned) {
  }
  handle(const handle &other) noexcept : pointer_(Retain(other.pointer_)) {
  }
  handle(handle &&other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {
  }
  handle &operator=(handle other) noexcept {
    std::swap(pointer_, other.pointer_);
    return *this;
  }
  ~handle() {
    Release(pointer_);
  }

  /** The handle of C, borrowed. */
  C *get() const noexcept {
    return pointer_;
  }
  explicit operator bool() const noexcept {
    return pointer_ != nullptr;
  }
  /** Give the reference back now. */
  void reset() noexcept {
    Release(std::exchange(pointer_, nullptr));
  }

protected:
  C *pointer_ = nullptr;
};

} // namespace dni

#endif
