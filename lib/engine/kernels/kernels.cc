// TensorFlow operations for a small Transformer on a CPU: each does in one pass over memory what takes TensorFlow.js a
// chain of operations. The TypeScript files beside this one say what each computes.
//
// Everything is written with vectors of 16 floats, which the compiler maps to what the machine has. No flag lets it
// assume that numbers are finite: NaN and infinity go through as in the equations.
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

// without it kernels.h includes a header of TensorFlow's insides, for one function that is not used here
#define IS_SLIM_BUILD
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

#define INLINE inline __attribute__((always_inline))

namespace {

// ------------------------------------------------------------------------------------------------ vectors of floats

constexpr int kLanes = 16;
typedef float Vec __attribute__((vector_size(64)));
typedef int32_t Mask __attribute__((vector_size(64)));
typedef uint32_t Bits __attribute__((vector_size(64)));

INLINE Vec Splat(float x) { return x - Vec{}; }

// A vector anywhere in memory; as floats, so that the compiler knows what else it is not.
typedef float VecInMemory __attribute__((vector_size(64), aligned(4)));
INLINE Vec Load(const float* from) { return *reinterpret_cast<const VecInMemory*>(from); }
INLINE void Store(float* to, Vec v) { *reinterpret_cast<VecInMemory*>(to) = v; }

const Vec kLeast = Splat(-__builtin_inff());

INLINE Mask Ramp() { return Mask{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

// b where either is NaN: the comparison is false.
INLINE Vec Max(Vec a, Vec b) { return a > b ? a : b; }

// A vector of the lanes that LANE(0) … LANE(15) name, of a (0 … 15) and b (16 … 31).
#define EACH(LANE)                                                                                                 \
  LANE(0), LANE(1), LANE(2), LANE(3), LANE(4), LANE(5), LANE(6), LANE(7), LANE(8), LANE(9), LANE(10), LANE(11),     \
      LANE(12), LANE(13), LANE(14), LANE(15)
#ifdef __clang__
#define SHUFFLE(a, b, LANE) __builtin_shufflevector(a, b, EACH(LANE))
#else
#define SHUFFLE(a, b, LANE) __builtin_shuffle(a, b, Mask{EACH(LANE)})
#endif

// The lanes turned round by n.
template <int n>
INLINE Vec Turn(Vec v) {
#define LANE(i) ((i + n) % 16)
  return SHUFFLE(v, v, LANE);
#undef LANE
}

// In every lane the sum, or the largest, of all.
INLINE Vec Sum(Vec v) {
  v += Turn<8>(v);
  v += Turn<4>(v);
  v += Turn<2>(v);
  return v + Turn<1>(v);
}

INLINE Vec Largest(Vec v) {
  v = Max(v, Turn<8>(v));
  v = Max(v, Turn<4>(v));
  v = Max(v, Turn<2>(v));
  return Max(v, Turn<1>(v));
}

// A whole vector of a row, or what is left at its end: the lanes beyond it read as 0 and are not written.
struct Whole {
  INLINE Vec Load(const float* from) const { return ::Load(from); }
  INLINE void Store(float* to, Vec v) const { ::Store(to, v); }
  INLINE Vec Only(Vec v) const { return v; }
};

struct Part {
  int count;
  INLINE Vec Load(const float* from) const {
    float lanes[kLanes] = {};
    for (int i = 0; i < count; i++) lanes[i] = from[i];
    return ::Load(lanes);
  }
  INLINE void Store(float* to, Vec v) const {
    float lanes[kLanes];
    ::Store(lanes, v);
    for (int i = 0; i < count; i++) to[i] = lanes[i];
  }
  INLINE Vec Only(Vec v) const { return Ramp() < count ? v : Vec{}; }
};

// body(column, piece) for each vector of a row of `width` floats.
template <typename Body>
INLINE void ForColumns(int64_t width, Body body) {
  int64_t column = 0;
  for (; column + kLanes <= width; column += kLanes) body(column, Whole{});
  if (column < width) body(column, Part{static_cast<int>(width - column)});
}

// Exchanges what the transpose of two rows n apart exchanges.
template <int n>
INLINE void Exchange(Vec& a, Vec& b) {
#define LOW(i) ((i) & n ? (i) - n + 16 : (i))
#define HIGH(i) ((i) & n ? (i) + 16 : (i) + n)
  const Vec low = SHUFFLE(a, b, LOW);
  b = SHUFFLE(a, b, HIGH);
  a = low;
#undef LOW
#undef HIGH
}

// The transpose of 16 vectors.
INLINE void Transpose(Vec (&rows)[kLanes]) {
  for (int i = 0; i < kLanes; i += 2) Exchange<1>(rows[i], rows[i + 1]);
  for (int i = 0; i < kLanes; i += 4)
    for (int j = i; j < i + 2; j++) Exchange<2>(rows[j], rows[j + 2]);
  for (int i = 0; i < kLanes; i += 8)
    for (int j = i; j < i + 4; j++) Exchange<4>(rows[j], rows[j + 4]);
  for (int j = 0; j < 8; j++) Exchange<8>(rows[j], rows[j + 8]);
}

INLINE int64_t RoundUp(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// eˣ for x ≤ 0 to 1e-7 of its value, 0 below e⁻⁸⁸: 2ⁿ eʳ with |r| ≤ ln 2 / 2, and eʳ a polynomial fitted to the least
// largest error.
INLINE Vec Exp(Vec x) {
  const Vec bounded = Max(Splat(-88.0f), x);
  // adding 1.5 · 2²³ rounds to a whole number, and leaves it in the low bits
  const Vec shifted = bounded * 1.44269504f + 12582912.0f;
  const Vec n = shifted - 12582912.0f;
  const Vec r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
  Vec p = r * 0x1.6a2352p-10f + 0x1.123a6cp-7f;
  p = p * r + 0x1.5558f4p-5f;
  p = p * r + 0x1.55549p-3f;
  p = p * r + 0x1.fffffcp-2f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Bits exponent = ((Bits)shifted << 23) + (127u << 23);
  return p * (Vec)exponent;
}

// A polynomial of x, its coefficients from the highest power down.
template <size_t n>
INLINE Vec Polynomial(Vec x, const float (&coefficients)[n]) {
  Vec sum = x * coefficients[0] + coefficients[1];
  for (size_t i = 2; i < n; i++) sum = sum * x + coefficients[i];
  return sum;
}

// The value between −bound and bound, 0 before and 1 beyond; NaN where x is NaN.
INLINE Vec Between(Vec x, float bound, Vec value) {
  const Vec begun = x < -bound ? Vec{} : value;
  return x > bound ? Splat(1) : begun;
}

// The normal distribution function Φ(x) = (1 + erf(x/√2))/2, and the derivative Φ(x) + x φ(x) of GELU, each to 2e-7:
// 1/2 and an odd function, which is x times a quotient of polynomials of x², fitted to the least largest error as far
// out as Φ is neither 0 nor 1 in float32.
INLINE Vec NormalCumulative(Vec x) {
  const Vec square = x * x;
  const Vec above = Polynomial(square, {0x1.91c882p-26f, 0x1.aad06cp-18f, 0x1.589b2ep-13f, 0x1.30cc44p-8f,
                                        0x1.11627ap-5f, 0x1.98845p-2f});
  const Vec below = Polynomial(square, {0x1.4693cap-20f, 0x1.2faaf2p-14f, 0x1.e751dep-10f, 0x1.d0f4aap-6f,
                                        0x1.005346p-2f, 1.0f});
  return Between(x, 5.4f, x * above / below + 0.5f);
}

INLINE Vec GeluSlope(Vec x) {
  const Vec square = x * x;
  const Vec above = Polynomial(square, {0x1.24d99p-26f, 0x1.ef45bep-21f, 0x1.1dfbep-15f, 0x1.a926a0p-13f,
                                        0x1.c613dcp-7f, -0x1.6e8892p-6f, 0x1.988452p-1f});
  const Vec below = Polynomial(square, {0x1.696562p-30f, 0x1.6bf83ap-22f, 0x1.59de7ap-17f, 0x1.013d72p-12f,
                                        0x1.0446b4p-8f, 0x1.698ab8p-5f, 0x1.389f22p-2f, 1.0f});
  return Between(x, 6.0f, x * above / below + 0.5f);
}

// ----------------------------------------------------------------------------------------------------------- threads

// Threads that wait for work. What each part computes does not depend on which thread runs it, so results are the
// same in every run with the same number of threads.
//
// Waking a thread takes some tens of microseconds, longer than most operations of a small model: between two of them
// a thread looks for work for a while before it sleeps, and gives way to any other, such as those of TensorFlow.
class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {
    for (int i = 1; i < threads; i++) std::thread([this, i] { Work(i); }).detach();
  }

  int threads() const { return threads_; }

  // task(part) for each part from 0; one thread runs part 0.
  void Run(const std::function<void(int)>& task) {
    std::unique_lock<std::mutex> only(running_, std::try_to_lock);
    if (!only.owns_lock()) {  // another operation has the threads
      for (int part = 0; part < threads_; part++) task(part);
      return;
    }
    task_ = &task;
    left_ = threads_ - 1;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_++;
    }
    start_.notify_all();
    task(0);
    const auto done = [this] { return left_ == 0; };
    if (LookFor(done)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, done);
  }

 private:
  // Some tenths of a millisecond.
  static constexpr int kLooks = 400;

  template <typename Condition>
  static bool LookFor(Condition condition) {
    for (int i = 0; i < kLooks; i++) {
      if (condition()) return true;
      std::this_thread::yield();
    }
    return false;
  }

  void Work(int part) {
    int64_t seen = 0;
    const auto called = [&] { return round_ != seen; };
    for (;;) {
      if (!LookFor(called)) {
        std::unique_lock<std::mutex> lock(mutex_);
        start_.wait(lock, called);
      }
      seen = round_;
      (*task_)(part);
      if (--left_ > 0) continue;
      std::lock_guard<std::mutex> lock(mutex_);
      done_.notify_one();
    }
  }

  const int threads_;
  std::mutex running_, mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int)>* task_ = nullptr;
  std::atomic<int> left_{0};
  std::atomic<int64_t> round_{0};
};

// Never deleted: its threads may outlive everything else when the process ends.
Pool& ThePool() {
  static Pool* pool = [] {
    const char* threads = getenv("TF_NUM_INTRAOP_THREADS");
    return new Pool(std::max(1, threads ? atoi(threads) : 1));
  }();
  return *pool;
}

// Two threads that look for each other take some microseconds to hand over work.
constexpr double kWorthSplitting = 20e3;

// How many parts work of about so many nanoseconds is done in.
int PartsFor(double nanoseconds) { return nanoseconds < kWorthSplitting ? 1 : ThePool().threads(); }

// body(part, begin, end) on `parts` pieces of 0 … count.
template <typename Body>
void Split(int parts, int64_t count, Body body) {
  if (parts == 1) return body(0, static_cast<int64_t>(0), count);
  ThePool().Run([&](int part) { body(part, count * part / parts, count * (part + 1) / parts); });
}

// ---------------------------------------------------------------------------------------------------- TensorFlow's API

struct Status {
  TF_Status* get = TF_NewStatus();
  ~Status() { TF_DeleteStatus(get); }
  bool ok() const { return TF_GetCode(get) == TF_OK; }
};

// One run of an operation: its inputs, and the outputs that it makes.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {
    inputs_.resize(TF_NumInputs(context));
    for (size_t i = 0; i < inputs_.size(); i++) {
      TF_GetInput(context, i, &inputs_[i], status_.get);
      if (!Check()) return;
    }
  }

  ~Call() {
    for (const auto* tensors : {&inputs_, &outputs_})
      for (TF_Tensor* tensor : *tensors)
        if (tensor) TF_DeleteTensor(tensor);
  }

  bool failed() const { return failed_; }

  const float* Floats(int input) const { return static_cast<const float*>(TF_TensorData(inputs_[input])); }
  const int32_t* Ints(int input) const { return static_cast<const int32_t*>(TF_TensorData(inputs_[input])); }
  int64_t Size(int input) const { return TF_TensorElementCount(inputs_[input]); }
  int Rank(int input) const { return TF_NumDims(inputs_[input]); }
  int64_t Dim(int input, int axis) const { return TF_Dim(inputs_[input], axis); }

  // An output of given shape; null where it cannot be made.
  void* Output(int index, TF_DataType type, std::initializer_list<int64_t> shape) {
    int64_t size = 1;
    for (int64_t length : shape) size *= length;
    return Keep(TF_AllocateOutput(context_, index, type, shape.begin(), static_cast<int>(shape.size()),
                                  size * TF_DataTypeSize(type), status_.get));
  }

  float* Floats(int index, std::initializer_list<int64_t> shape) {
    return static_cast<float*>(Output(index, TF_FLOAT, shape));
  }

  // An output in the shape of an input, and in its memory where nobody else reads that.
  float* Instead(int index, int input) {
    int64_t shape[8];
    for (int axis = 0; axis < Rank(input); axis++) shape[axis] = Dim(input, axis);
    int forwarded;
    return static_cast<float*>(Keep(TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, shape, Rank(input),
                                                                   &forwarded, status_.get)));
  }

  void Fail(const char* message) {
    TF_SetStatus(status_.get, TF_INVALID_ARGUMENT, message);
    Check();
  }

  // Fails unless the condition holds.
  bool Require(bool condition, const char* message) {
    if (!condition) Fail(message);
    return condition;
  }

 private:
  bool Check() {
    if (status_.ok()) return true;
    failed_ = true;
    TF_OpKernelContext_Failure(context_, status_.get);
    return false;
  }

  void* Keep(TF_Tensor* output) {
    if (!Check()) return nullptr;
    outputs_.push_back(output);
    return TF_TensorData(output);
  }

  TF_OpKernelContext* context_;
  Status status_;
  std::vector<TF_Tensor*> inputs_, outputs_;
  bool failed_ = false;
};

// The attributes of an operation.
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* context) : context_(context) {}

  int64_t Int(const char* name) {
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(context_, name, &value, status_.get);
    Check();
    return value;
  }

  float Float(const char* name) {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(context_, name, &value, status_.get);
    Check();
    return value;
  }

 private:
  void Check() {
    if (!status_.ok()) TF_OpKernelConstruction_Failure(context_, status_.get);
  }

  TF_OpKernelConstruction* context_;
  Status status_;
};

// Registers an operation: a class that is made from the attributes and has `void Compute(Call&) const`.
// The types that go in and out and the attributes are in TensorFlow's notation.
template <typename Operation>
void Register(const char* name, std::initializer_list<const char*> inputs, std::initializer_list<const char*> outputs,
              std::initializer_list<const char*> attributes) {
  Status status;
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, [](TF_ShapeInferenceContext* context, TF_Status* status) {
    TF_ShapeInferenceContextSetUnknownShape(context, status);
  });
  TF_RegisterOpDefinition(definition, status.get);

  TF_KernelBuilder* kernel = TF_NewKernelBuilder(
      name, "CPU",
      [](TF_OpKernelConstruction* context) -> void* {
        Attributes attributes(context);
        return new Operation(attributes);
      },
      [](void* operation, TF_OpKernelContext* context) {
        Call call(context);
        if (!call.failed()) static_cast<const Operation*>(operation)->Compute(call);
      },
      [](void* operation) { delete static_cast<Operation*>(operation); });
  if (status.ok()) TF_RegisterKernelBuilder(name, kernel, status.get);
  if (!status.ok()) fprintf(stderr, "%s: %s\n", name, TF_Message(status.get));
}

struct NoAttributes {
  explicit NoAttributes(Attributes&) {}
};

// Sums of columns that several parts of the rows contribute to.
class ColumnSums {
 public:
  ColumnSums(int parts, int64_t width) : parts_(parts), stride_(RoundUp(width)), width_(width) {
    sums_.resize(parts * stride_);
  }
  float* Of(int part) { return &sums_[part * stride_]; }
  void WriteTo(float* total) {
    for (int64_t j = 0; j < width_; j++) {
      float sum = 0;
      for (int part = 0; part < parts_; part++) sum += sums_[part * stride_ + j];
      total[j] = sum;
    }
  }

 private:
  const int parts_;
  const int64_t stride_, width_;
  std::vector<float> sums_;
};

// ----------------------------------------------------------------------------------------------- layer normalization

// In every lane.
struct Moments {
  Vec mean, scale;
};

INLINE Moments MomentsOf(const float* x, int64_t width, float epsilon) {
  Vec sum = {}, squares = {};
  ForColumns(width, [&](int64_t j, auto piece) { sum += piece.Load(x + j); });
  const Vec mean = Sum(sum) / static_cast<float>(width);
  ForColumns(width, [&](int64_t j, auto piece) {
    const Vec centered = piece.Only(piece.Load(x + j) - mean);
    squares += centered * centered;
  });
  return {mean, Splat(1 / std::sqrt(Sum(squares)[0] / width + epsilon))};
}

INLINE void NormalizeRow(const float* x, const float* gain, const float* bias, float* y, int64_t width, float epsilon) {
  const Moments moments = MomentsOf(x, width, epsilon);
  ForColumns(width, [&](int64_t j, auto piece) {
    const Vec normalized = (piece.Load(x + j) - moments.mean) * moments.scale;
    piece.Store(y + j, normalized * piece.Load(gain + j) + piece.Load(bias + j));
  });
}

struct LayerNorm {
  float epsilon;
  explicit LayerNorm(Attributes& attributes) : epsilon(attributes.Float("epsilon")) {}

  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2, "layerNorm: x is not a matrix")) return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1);
    if (!call.Require(call.Size(1) == width && call.Size(2) == width, "layerNorm: gain or bias is not as wide as x"))
      return;
    const float *x = call.Floats(0), *gain = call.Floats(1), *bias = call.Floats(2);
    float* y = call.Floats(0, {rows, width});
    if (!y) return;
    Split(PartsFor(rows * (20 + width * 0.15)), rows, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) NormalizeRow(x + i * width, gain, bias, y + i * width, width, epsilon);
    });
  }
};

struct LayerNormGrad {
  float epsilon;
  explicit LayerNormGrad(Attributes& attributes) : epsilon(attributes.Float("epsilon")) {}

  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(2) == call.Size(0), "layerNorm: upstream is not as large as x"))
      return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1);
    if (!call.Require(call.Size(1) == width, "layerNorm: gain is not as wide as x")) return;
    const float *x = call.Floats(0), *gain = call.Floats(1), *upstream = call.Floats(2);
    float *dx = call.Floats(0, {rows, width}), *dgain = call.Floats(1, {width}), *dbias = call.Floats(2, {width});
    if (!dx || !dgain || !dbias) return;
    const int parts = PartsFor(rows * (30 + width * 0.4));
    ColumnSums gains(parts, width), biases(parts, width);
    Split(parts, rows, [&](int part, int64_t begin, int64_t end) {
      float *gainSum = gains.Of(part), *biasSum = biases.Of(part);
      int64_t i = begin;
      for (; i + 4 <= end; i += 4)
        Rows<4>(x + i * width, gain, upstream + i * width, dx + i * width, gainSum, biasSum, width);
      for (; i < end; i++)
        Rows<1>(x + i * width, gain, upstream + i * width, dx + i * width, gainSum, biasSum, width);
    });
    gains.WriteTo(dgain);
    biases.WriteTo(dbias);
  }

  // Several rows at a time: they do not wait for each other's sums, and those of columns go to memory less often.
  template <int kRows>
  INLINE void Rows(const float* x, const float* gain, const float* upstream, float* dx, float* gainSum, float* biasSum,
                   int64_t width) const {
    Moments moments[kRows];
    Vec mean[kRows] = {}, slope[kRows] = {};
    for (int r = 0; r < kRows; r++) moments[r] = MomentsOf(x + r * width, width, epsilon);
    ForColumns(width, [&](int64_t j, auto piece) {
      const Vec weight = piece.Load(gain + j);
      Vec gains = Load(gainSum + j), biases = Load(biasSum + j);
      for (int r = 0; r < kRows; r++) {
        const Vec normalized = (piece.Load(x + r * width + j) - moments[r].mean) * moments[r].scale;
        const Vec up = piece.Load(upstream + r * width + j);
        gains += up * normalized;
        biases += up;
        mean[r] += up * weight;
        slope[r] += piece.Only(up * weight * normalized);
      }
      Store(gainSum + j, gains);
      Store(biasSum + j, biases);
    });
    for (int r = 0; r < kRows; r++) {
      mean[r] = Sum(mean[r]) / static_cast<float>(width);
      slope[r] = Sum(slope[r]) / static_cast<float>(width);
    }
    ForColumns(width, [&](int64_t j, auto piece) {
      const Vec weight = piece.Load(gain + j);
      for (int r = 0; r < kRows; r++) {
        const Vec normalized = (piece.Load(x + r * width + j) - moments[r].mean) * moments[r].scale;
        const Vec change = piece.Load(upstream + r * width + j) * weight - mean[r] - normalized * slope[r];
        piece.Store(dx + r * width + j, change * moments[r].scale);
      }
    });
  }
};

// --------------------------------------------------------------------------------------------------- bias, GELU, sums

INLINE void BiasGeluRow(const float* x, const float* bias, float* y, int64_t width) {
  ForColumns(width, [&](int64_t j, auto piece) {
    const Vec at = piece.Load(x + j) + piece.Load(bias + j);
    piece.Store(y + j, at * NormalCumulative(at));
  });
}

struct BiasGelu : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(1) == call.Dim(0, 1), "biasGelu: bias is not as wide as x"))
      return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1);
    const float *x = call.Floats(0), *bias = call.Floats(1);
    float* y = call.Instead(0, 0);
    if (!y) return;
    Split(PartsFor(rows * width * 0.6), rows, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) BiasGeluRow(x + i * width, bias, y + i * width, width);
    });
  }
};

// d/dx x Φ(x) = Φ(x) + x φ(x)
struct BiasGeluGrad : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(1) == call.Dim(0, 1), "biasGelu: bias is not as wide as x"))
      return;
    if (!call.Require(call.Size(2) == call.Size(0), "biasGelu: upstream is not as large as x")) return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1);
    const float *x = call.Floats(0), *bias = call.Floats(1), *upstream = call.Floats(2);
    float *dx = call.Instead(0, 2), *dbias = call.Floats(1, {width});
    if (!dx || !dbias) return;
    const int parts = PartsFor(rows * width * 0.7);
    ColumnSums sums(parts, width);
    Split(parts, rows, [&](int part, int64_t begin, int64_t end) {
      int64_t i = begin;
      for (; i + 4 <= end; i += 4) Rows<4>(x + i * width, bias, upstream + i * width, dx + i * width, sums.Of(part), width);
      for (; i < end; i++) Rows<1>(x + i * width, bias, upstream + i * width, dx + i * width, sums.Of(part), width);
    });
    sums.WriteTo(dbias);
  }

  // Several rows at a time: the sums of columns go to memory and back less often.
  template <int kRows>
  static INLINE void Rows(const float* x, const float* bias, const float* upstream, float* dx, float* sum,
                          int64_t width) {
    ForColumns(width, [&](int64_t j, auto piece) {
      const Vec shift = piece.Load(bias + j);
      Vec total = Load(sum + j);
      for (int r = 0; r < kRows; r++) {
        const int64_t at = r * width + j;
        const Vec change = piece.Load(upstream + at) * GeluSlope(piece.Load(x + at) + shift);
        piece.Store(dx + at, change);
        total += change;
      }
      Store(sum + j, total);
    });
  }
};

struct BiasResidual : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(1) == call.Size(0) && call.Size(2) == call.Dim(0, 1),
                      "biasResidual: x, y and bias are not of one width"))
      return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1);
    const float *x = call.Floats(0), *y = call.Floats(1), *bias = call.Floats(2);
    float* sum = call.Instead(0, 1);
    if (!sum) return;
    Split(PartsFor(rows * width * 0.2), rows, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        ForColumns(width, [&](int64_t j, auto piece) {
          const int64_t at = i * width + j;
          piece.Store(sum + at, piece.Load(x + at) + piece.Load(y + at) + piece.Load(bias + j));
        });
      }
    });
  }
};

// The sum of each column.
struct ColumnSum : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2, "columnSum: x is not a matrix")) return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1);
    const float* x = call.Floats(0);
    float* total = call.Floats(0, {width});
    if (!total) return;
    const int parts = PartsFor(rows * width * 0.1);
    ColumnSums sums(parts, width);
    Split(parts, rows, [&](int part, int64_t begin, int64_t end) {
      float* sum = sums.Of(part);
      int64_t i = begin;
      // four rows at a time: the sums go to memory and back a fourth as often
      for (; i + 4 <= end; i += 4) {
        const float* row = x + i * width;
        ForColumns(width, [&](int64_t j, auto piece) {
          const Vec two = piece.Load(row + j) + piece.Load(row + width + j);
          const Vec more = piece.Load(row + 2 * width + j) + piece.Load(row + 3 * width + j);
          Store(sum + j, Load(sum + j) + (two + more));
        });
      }
      for (; i < end; i++)
        ForColumns(width, [&](int64_t j, auto piece) { Store(sum + j, Load(sum + j) + piece.Load(x + i * width + j)); });
    });
    sums.WriteTo(total);
  }
};

// ----------------------------------------------------------------------------------------------------------- look-ups

// Fails where an id is not a row of the table.
bool CheckIds(Call& call, const char* name, const int32_t* ids, int64_t count, int64_t rows) {
  for (int64_t i = 0; i < count; i++) {
    if (ids[i] >= 0 && ids[i] < rows) continue;
    char message[160];
    snprintf(message, sizeof message, "%s: number %d at position %lld is not in [0, %lld)", name, ids[i],
             static_cast<long long>(i), static_cast<long long>(rows));
    call.Fail(message);
    return false;
  }
  return true;
}

struct Lookup : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2, "lookup: the table is not a matrix")) return;
    const int64_t rows = call.Dim(0, 0), width = call.Dim(0, 1), count = call.Size(1);
    const float* table = call.Floats(0);
    const int32_t* ids = call.Ints(1);
    if (!CheckIds(call, "lookup", ids, count, rows)) return;
    float* out = call.Floats(0, {count, width});
    if (!out) return;
    for (int64_t i = 0; i < count; i++)
      ForColumns(width, [&](int64_t j, auto piece) {
        piece.Store(out + i * width + j, piece.Load(table + ids[i] * width + j));
      });
  }
};

struct LookupGrad {
  int64_t rows;
  explicit LookupGrad(Attributes& attributes) : rows(attributes.Int("rows")) {}

  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(1) == call.Dim(0, 0), "lookup: upstream has not a row for each id"))
      return;
    const int64_t count = call.Dim(0, 0), width = call.Dim(0, 1);
    const float* upstream = call.Floats(0);
    const int32_t* ids = call.Ints(1);
    if (!CheckIds(call, "lookup", ids, count, rows)) return;
    float* gradient = call.Floats(0, {rows, width});
    if (!gradient) return;
    std::fill(gradient, gradient + rows * width, 0.0f);
    for (int64_t i = 0; i < count; i++) {
      float* row = gradient + ids[i] * width;
      ForColumns(width, [&](int64_t j, auto piece) {
        piece.Store(row + j, piece.Load(row + j) + piece.Load(upstream + i * width + j));
      });
    }
  }
};

// ---------------------------------------------------------------------------------------------------------- products
// A matrix in memory of its own, with rows of whole vectors.
struct Matrix {
  std::vector<float> numbers;
  float* data = nullptr;
  int64_t stride = 0;

  void Make(int64_t rows, int64_t width) {
    stride = RoundUp(width);
    numbers.assign(rows * stride + kLanes, 0.0f);
    // to a cache line
    data = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(numbers.data()) + 63) & ~uintptr_t{63});
  }
  INLINE float* Row(int64_t i) const { return data + i * stride; }
  void Clear(int64_t first, int64_t rows) { std::fill(Row(first), Row(first + rows), 0.0f); }
};

// What will be read next, brought into the second cache meanwhile: a line in each step of a product.
struct Ahead {
  const float* next;
  static constexpr int64_t kStep = kLanes;
  INLINE void Step(int64_t k) const { __builtin_prefetch(next + k * kStep, 0, 2); }
  INLINE void Skip(int64_t steps) { next += steps * kStep; }
};

struct NothingAhead {
  INLINE void Step(int64_t) const {}
  INLINE void Skip(int64_t) {}
};

// C (+)= A B for a few rows: `depth` steps, each a vector of B times a number of each row of A.
template <int Rows, int Vectors, typename Next>
INLINE void Tile(Next& ahead, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep, float* c,
                 int64_t cRow, int64_t depth, bool add) {
  Vec sum[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) sum[r][v] = add ? Load(c + r * cRow + v * kLanes) : Vec{};
  for (int64_t k = 0; k < depth; k++) {
    ahead.Step(k);
    Vec step[Vectors];
    for (int v = 0; v < Vectors; v++) step[v] = Load(b + k * bStep + v * kLanes);
    for (int r = 0; r < Rows; r++)
      for (int v = 0; v < Vectors; v++) sum[r][v] += a[r * aRow + k * aStep] * step[v];
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) Store(c + r * cRow + v * kLanes, sum[r][v]);
  ahead.Skip(depth);
}

// The rows that are left, fewer than `Rows`.
template <int Rows, int Vectors, typename Next, typename... Others>
INLINE void LastRows(int64_t rows, Next& ahead, Others... others) {
  if constexpr (Rows > 1) {
    if (rows == Rows - 1) return Tile<Rows - 1, Vectors>(ahead, others...);
    LastRows<Rows - 1, Vectors>(rows, ahead, others...);
  }
}

// As many rows at a time as the sums of fit the registers.
template <int Vectors, typename Next>
void Columns(int64_t rows, Next ahead, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep,
             float* c, int64_t cRow, int64_t depth, bool add) {
  constexpr int kRows = Vectors == 4 ? 6 : 8;
  int64_t i = 0;
  for (; i + kRows <= rows; i += kRows)
    Tile<kRows, Vectors>(ahead, a + i * aRow, aRow, aStep, b, bStep, c + i * cRow, cRow, depth, add);
  LastRows<kRows, Vectors>(rows - i, ahead, a + i * aRow, aRow, aStep, b, bStep, c + i * cRow, cRow, depth, add);
}

// C (+)= A B. A's number in row r at step k is a[r·aRow + k·aStep]: with the two exchanged, A is transposed.
// Rows of B and C are whole vectors.
template <typename Next = NothingAhead>
INLINE void Multiply(int64_t rows, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep, float* c,
                     int64_t cRow, int64_t width, int64_t depth, bool add, Next ahead = {}) {
  int64_t j = 0;
  for (; j + 4 * kLanes <= width; j += 4 * kLanes)
    Columns<4>(rows, ahead, a, aRow, aStep, b + j, bStep, c + j, cRow, depth, add);
  if (j + 2 * kLanes <= width) {
    Columns<2>(rows, ahead, a, aRow, aStep, b + j, bStep, c + j, cRow, depth, add);
    j += 2 * kLanes;
  }
  if (j < width) Columns<1>(rows, ahead, a, aRow, aStep, b + j, bStep, c + j, cRow, depth, add);
}

// ---------------------------------------------------------------------------------------------------------- attention

// Which tokens there are, and which of them belong together.
struct Layout {
  int64_t heads, prompts, promptLength, responses, responseLength;

  explicit Layout(Attributes& attributes)
      : heads(attributes.Int("heads")),
        prompts(attributes.Int("prompts")),
        promptLength(attributes.Int("promptLength")),
        responses(attributes.Int("responses")),
        responseLength(attributes.Int("responseLength")) {}

  Layout(int64_t heads, int64_t prompts, int64_t promptLength, int64_t responses, int64_t responseLength)
      : heads(heads),
        prompts(prompts),
        promptLength(promptLength),
        responses(responses),
        responseLength(responseLength) {}

  int64_t tokens() const { return prompts * promptLength + responses * responseLength; }
  int64_t group() const { return prompts ? responses / prompts : 0; }
  int64_t longest() const { return promptLength + responseLength; }

  // Nanoseconds that `products` matrix products of attention take, about.
  double Cost(int64_t width, int products) const {
    return tokens() * (0.03 * width * products * longest() / 2 + 0.3 * heads * longest() + 0.3 * width * products);
  }

  bool Fits(Call& call, int64_t width, int starts) const {
    return call.Require(prompts > 0 && promptLength > 0 && responses % prompts == 0,
                        "attention: the responses are not shared evenly by prompts") &&
           call.Require(heads > 0 && width % heads == 0, "attention: the width is not shared evenly by heads") &&
           call.Require(call.Size(starts) == prompts, "attention: there is not one start for each prompt");
  }
};

// A row of scores, in as many vectors, becomes probabilities: of the first `seen`, the others are 0.
template <int Vectors>
INLINE void SoftmaxOf(float* row, int64_t seen) {
  Vec scores[Vectors];
  for (int v = 0; v < Vectors; v++)
    scores[v] = Ramp() + v * kLanes < static_cast<int32_t>(seen) ? Load(row + v * kLanes) : kLeast;
  Vec largest = scores[0];
  for (int v = 1; v < Vectors; v++) largest = Max(largest, scores[v]);
  largest = Largest(largest);
  Vec total = {};
  for (int v = 0; v < Vectors; v++) total += scores[v] = Exp(scores[v] - largest);
  const Vec scale = 1.0f / Sum(total);
  for (int v = 0; v < Vectors; v++) Store(row + v * kLanes, scores[v] * scale);
}

INLINE void Softmax(float* row, int64_t seen, int64_t vectors) {
  switch (vectors) {
    case 1: return SoftmaxOf<1>(row, seen);
    case 2: return SoftmaxOf<2>(row, seen);
    case 3: return SoftmaxOf<3>(row, seen);
    case 4: return SoftmaxOf<4>(row, seen);
  }
  const auto scores = [&](int64_t j) {
    return Ramp() + static_cast<int32_t>(j) < static_cast<int32_t>(seen) ? Load(row + j) : kLeast;
  };
  Vec largest = kLeast, total = {};
  for (int64_t j = 0; j < seen; j += kLanes) largest = Max(scores(j), largest);
  largest = Largest(largest);
  for (int64_t j = 0; j < vectors * kLanes; j += kLanes) {
    const Vec e = Exp(scores(j) - largest);
    total += e;
    Store(row + j, e);
  }
  const Vec scale = 1.0f / Sum(total);
  for (int64_t j = 0; j < seen; j += kLanes) Store(row + j, Load(row + j) * scale);
}

// Consecutive tokens of one prompt or response, and how many keys stand before them.
struct Piece {
  int64_t first, tokens, before;
};

// to = (from + bias) · scale
INLINE void Pack(float* to, int64_t toStride, const float* from, int64_t stride, int64_t rows, const float* bias,
                 float scale, int64_t d) {
  for (int64_t i = 0; i < rows; i++)
    ForColumns(d, [&](int64_t j, auto part) {
      Store(to + i * toStride + j, (part.Load(from + i * stride + j) + part.Load(bias + j)) * scale);
    });
}

// to[j, i] = from[i, j] + bias[j], in blocks of 16 by 16: what lies beyond the last row and column is of no meaning.
INLINE void PackTransposed(float* to, int64_t toStride, const float* from, int64_t stride, int64_t rows,
                           const float* bias, int64_t d) {
  for (int64_t i = 0; i < rows; i += kLanes)
    ForColumns(d, [&](int64_t j, auto part) {
      const Vec shift = part.Load(bias + j);
      Vec block[kLanes];
      for (int r = 0; r < kLanes; r++) block[r] = part.Load(from + std::min(i + r, rows - 1) * stride + j) + shift;
      Transpose(block);
      for (int c = 0; c < kLanes; c++) Store(to + (j + c) * toStride + i, block[c]);
    });
}

// What the kernels of attention share: where things are, and the order of the work. kD is the heads' width where the
// compiler is told it, else 0.
template <int kD>
struct Heads {
  const Layout& layout;
  const int64_t width;
  const int32_t* starts;
  const float scale;

  Heads(const Layout& layout, int64_t width, const int32_t* starts)
      : layout(layout), width(width), starts(starts), scale(1 / std::sqrt(static_cast<float>(width / layout.heads))) {}

  INLINE int64_t d() const { return kD ? kD : width / layout.heads; }
  // The keys that a query may see, rounded up, and a block of transposed keys that begins anywhere among them.
  int64_t room() const { return layout.longest() + kLanes; }

  // A token's place in one head of a row of queries (0), keys (1) and values (2).
  INLINE int64_t At(int64_t token, int which, int64_t head) const {
    return token * 3 * width + which * width + head * d();
  }
  // A token's place in one head of the output.
  INLINE int64_t At(int64_t token, int64_t head) const { return token * width + head * d(); }

  int64_t Start(int64_t prompt) const {
    return std::min<int64_t>(std::max(starts[prompt], 0), layout.promptLength);
  }

  // The prompt's tokens from its start on.
  Piece Prompt(int64_t prompt) const {
    const int64_t start = Start(prompt);
    return {prompt * layout.promptLength + start, layout.promptLength - start, 0};
  }

  Piece Response(int64_t prompt, int64_t g) const {
    const int64_t response = prompt * layout.group() + g;
    return {layout.prompts * layout.promptLength + response * layout.responseLength, layout.responseLength,
            layout.promptLength - Start(prompt)};
  }

  // The responses that each prompt has, 0 where they are empty.
  int64_t Group() const { return layout.responseLength ? layout.group() : 0; }

  // work(token) for the padding before a prompt, which sees itself only.
  template <typename Work>
  INLINE void ForPadding(int64_t prompt, Work work) const {
    const int64_t first = prompt * layout.promptLength;
    for (int64_t token = first; token < first + Start(prompt); token++) work(token);
  }
};

// Queries, keys and values of one head with the bias added, in memory of their own. A prompt's keys come first, those
// of each of its responses are put behind them.
template <int kD>
struct Packed {
  Matrix q, k, v, keys, values;  // the last two are k and v transposed

  void Make(const Heads<kD>& heads) {
    for (Matrix* matrix : {&q, &k, &v}) matrix->Make(heads.layout.longest(), heads.d());
    for (Matrix* matrix : {&keys, &values}) matrix->Make(RoundUp(heads.d()), heads.room());
  }

  INLINE void Queries(const Heads<kD>& heads, const Piece& piece, int64_t head, const float* qkv, const float* bias) {
    Pack(q.data, q.stride, qkv + heads.At(piece.first, 0, head), 3 * heads.width, piece.tokens,
         bias + heads.At(0, 0, head), heads.scale, heads.d());
  }
  // Keys (1) or values (2), as rows.
  INLINE void Rows(const Heads<kD>& heads, const Piece& piece, int which, int64_t head, const float* qkv,
                   const float* bias) {
    const Matrix& to = which == 1 ? k : v;
    Pack(to.Row(piece.before), to.stride, qkv + heads.At(piece.first, which, head), 3 * heads.width, piece.tokens,
         bias + heads.At(0, which, head), 1, heads.d());
  }
  // Keys (1) or values (2), as columns.
  INLINE void Transposed(const Heads<kD>& heads, const Piece& piece, int which, int64_t head, const float* qkv,
                         const float* bias) {
    const Matrix& to = which == 1 ? keys : values;
    PackTransposed(to.data + piece.before, to.stride, qkv + heads.At(piece.first, which, head), 3 * heads.width,
                   piece.tokens, bias + heads.At(0, which, head), heads.d());
  }

  // p = softmax(q kᵀ) of the queries i … i + count, each with the keys up to its own.
  INLINE void Probabilities(const Heads<kD>& heads, const Matrix& p, const Piece& piece, int64_t i, int64_t count) {
    const int64_t seen = piece.before + i + count, columns = RoundUp(seen);
    Multiply(count, q.Row(i), q.stride, 1, keys.data, keys.stride, p.data, p.stride, columns, heads.d(), false);
    for (int64_t r = 0; r < count; r++) Softmax(p.Row(r), seen - count + r + 1, columns / kLanes);
  }
};

// c = p ∘ (c − Σ_j p ∘ c) in each row: the softmax's Jacobian times c. Where p is 0, c need not be a number.
INLINE void TimesSoftmaxJacobian(const Matrix& p, const Matrix& c, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const float* weights = p.Row(r);
    float* row = c.Row(r);
    Vec total = {};
    for (int64_t j = 0; j < columns; j += kLanes) {
      const Vec weight = Load(weights + j);
      const Vec weighted = weight * (weight == 0.0f ? Vec{} : Load(row + j));
      total += weighted;
      Store(row + j, weighted);
    }
    total = Sum(total);
    for (int64_t j = 0; j < columns; j += kLanes) Store(row + j, Load(row + j) - Load(weights + j) * total);
  }
}

// Calls one(prompt, head) of a worker for each of them; each part of the work has a worker of its own. The usual widths
// of heads are compiled apart.
template <template <int> class Worker, typename... Arguments>
void ForHeads(int parts, const Layout& layout, int64_t width, const int32_t* starts, Arguments... arguments) {
  const auto run = [&](auto compiledWidth) {
    constexpr int kD = decltype(compiledWidth)::value;
    const Heads<kD> heads(layout, width, starts);
    Split(parts, layout.prompts * layout.heads, [&](int part, int64_t begin, int64_t end) {
      Worker<kD> worker(heads, part, arguments...);
      for (int64_t task = begin; task < end; task++) {
        const int64_t prompt = task / layout.heads, head = task % layout.heads;
        worker.Prompt(prompt, head);
      }
    });
  };
  switch (width / layout.heads) {
    case 16: return run(std::integral_constant<int, 16>());
    case 32: return run(std::integral_constant<int, 32>());
    case 64: return run(std::integral_constant<int, 64>());
    default: return run(std::integral_constant<int, 0>());
  }
}

// Queries that are worked on together: what they need stays in the first cache.
constexpr int64_t kQueryRows = 8;

template <int kD>
struct AttentionWorker {
  const Heads<kD>& heads;
  const float *qkv, *bias;
  float* out;
  Packed<kD> packed;
  Matrix p, mixed;

  AttentionWorker(const Heads<kD>& heads, int, const float* qkv, const float* bias, float* out)
      : heads(heads), qkv(qkv), bias(bias), out(out) {
    packed.Make(heads);
    p.Make(kQueryRows, heads.room());
    mixed.Make(kQueryRows, heads.d());
  }

  void Prompt(int64_t prompt, int64_t head) {
    heads.ForPadding(prompt, [&](int64_t token) {
      Write(token, head, qkv + heads.At(token, 2, head), bias + heads.At(0, 2, head));
    });
    Attend(heads.Prompt(prompt), head);
    for (int64_t g = 0; g < heads.Group(); g++) Attend(heads.Response(prompt, g), head);
  }

  INLINE void Write(int64_t token, int64_t head, const float* value, const float* shift) {
    ForColumns(heads.d(), [&](int64_t j, auto part) {
      part.Store(out + heads.At(token, head) + j, part.Load(value + j) + part.Load(shift + j));
    });
  }

  void Attend(const Piece& piece, int64_t head) {
    packed.Queries(heads, piece, head, qkv, bias);
    packed.Transposed(heads, piece, 1, head, qkv, bias);
    packed.Rows(heads, piece, 2, head, qkv, bias);
    for (int64_t i = 0; i < piece.tokens; i += kQueryRows) {
      const int64_t count = std::min(kQueryRows, piece.tokens - i), seen = piece.before + i + count;
      packed.Probabilities(heads, p, piece, i, count);
      Multiply(count, p.data, p.stride, 1, packed.v.data, packed.v.stride, mixed.data, mixed.stride,
               RoundUp(heads.d()), seen, false);
      for (int64_t r = 0; r < count; r++)
        ForColumns(heads.d(), [&](int64_t j, auto part) {
          part.Store(out + heads.At(piece.first + i + r, head) + j, Load(mixed.Row(r) + j));
        });
    }
  }
};

struct Attention {
  Layout layout;
  explicit Attention(Attributes& attributes) : layout(attributes) {}

  void Compute(Call& call) const {
    const int64_t width = call.Size(1) / 3;
    if (!layout.Fits(call, width, 2)) return;
    if (!call.Require(call.Size(0) == layout.tokens() * 3 * width, "attention: qkv is not [tokens, 3 · width]")) return;
    float* out = call.Floats(0, {layout.tokens(), width});
    if (!out) return;
    ForHeads<AttentionWorker>(PartsFor(layout.Cost(width, 2)), layout, width, call.Ints(2), call.Floats(0),
                              call.Floats(1), out);
  }
};

// Reverse mode, with U the upstream of a head's output:
//   dP = U Vᵀ,  dS = P ∘ (dP − Σ_j P ∘ dP),  dQ = dS K / √d,  dK = dSᵀ Q / √d,  dV = Pᵀ U
template <int kD>
struct AttentionGradWorker {
  static constexpr int64_t kRows = 16;
  const Heads<kD>& heads;
  const float *qkv, *bias, *upstream;
  float *gradient, *biasSum;
  Packed<kD> packed;
  Matrix up, p, dp, dq, dk, dv;

  AttentionGradWorker(const Heads<kD>& heads, int part, const float* qkv, const float* bias, const float* upstream,
                      float* gradient, ColumnSums* sums)
      : heads(heads), qkv(qkv), bias(bias), upstream(upstream), gradient(gradient), biasSum(sums->Of(part)) {
    packed.Make(heads);
    for (Matrix* matrix : {&up, &dq, &dk, &dv}) matrix->Make(heads.layout.longest(), heads.d());
    for (Matrix* matrix : {&p, &dp}) matrix->Make(kRows, heads.room());
  }

  void Prompt(int64_t prompt, int64_t head) {
    const Piece own = heads.Prompt(prompt);
    dk.Clear(0, own.tokens);
    dv.Clear(0, own.tokens);
    if (heads.Group() > 0) Keys(own, head);
    for (int64_t g = 0; g < heads.Group(); g++) {
      const Piece response = heads.Response(prompt, g);
      dk.Clear(response.before, response.tokens);
      dv.Clear(response.before, response.tokens);
      Attend(response, head);
    }
    Attend(own, head);
    heads.ForPadding(prompt, [&](int64_t token) { PassPadding(token, head); });
  }

  INLINE void Keys(const Piece& piece, int64_t head) {
    packed.Rows(heads, piece, 1, head, qkv, bias);
    packed.Transposed(heads, piece, 1, head, qkv, bias);
    packed.Transposed(heads, piece, 2, head, qkv, bias);
  }

  void Attend(const Piece& piece, int64_t head) {
    packed.Queries(heads, piece, head, qkv, bias);
    Keys(piece, head);
    for (int64_t i = 0; i < piece.tokens; i++)
      ForColumns(heads.d(), [&](int64_t j, auto part) {
        Store(up.Row(i) + j, part.Load(upstream + heads.At(piece.first + i, head) + j));
      });
    for (int64_t i = 0; i < piece.tokens; i += kRows) Queries(piece, i, std::min(kRows, piece.tokens - i));
    Write(piece, 0, head, dq, 0, heads.scale);
    Write(piece, 1, head, dk, piece.before, 1);
    Write(piece, 2, head, dv, piece.before, 1);
  }

  INLINE void Queries(const Piece& piece, int64_t i, int64_t count) {
    const int64_t seen = piece.before + i + count, columns = RoundUp(seen), d = heads.d(), rows = RoundUp(d);
    const Matrix &q = packed.q, &k = packed.k, &values = packed.values;
    packed.Probabilities(heads, p, piece, i, count);
    Multiply(count, up.Row(i), up.stride, 1, values.data, values.stride, dp.data, dp.stride, columns, d, false);
    Multiply(seen, p.data, 1, p.stride, up.Row(i), up.stride, dv.data, dv.stride, rows, count, true);
    TimesSoftmaxJacobian(p, dp, count, columns);
    Multiply(count, dp.data, dp.stride, 1, k.data, k.stride, dq.Row(i), dq.stride, rows, seen, false);
    Multiply(seen, dp.data, 1, dp.stride, q.Row(i), q.stride, dk.data, dk.stride, rows, count, true);
  }

  INLINE void Write(const Piece& piece, int which, int64_t head, const Matrix& from, int64_t first, float scale) {
    float* sum = biasSum + heads.At(0, which, head);
    ForColumns(heads.d(), [&](int64_t j, auto part) {
      Vec total = part.Load(sum + j);
      for (int64_t i = 0; i < piece.tokens; i++) {
        const Vec change = Load(from.Row(first + i) + j) * scale;
        total += change;
        part.Store(gradient + heads.At(piece.first + i, which, head) + j, change);
      }
      part.Store(sum + j, total);
    });
  }

  INLINE void PassPadding(int64_t token, int64_t head) {
    float* sum = biasSum + heads.At(0, 2, head);
    ForColumns(heads.d(), [&](int64_t j, auto part) {
      const Vec change = part.Load(upstream + heads.At(token, head) + j);
      part.Store(gradient + heads.At(token, 0, head) + j, Vec{});
      part.Store(gradient + heads.At(token, 1, head) + j, Vec{});
      part.Store(gradient + heads.At(token, 2, head) + j, change);
      part.Store(sum + j, part.Load(sum + j) + change);
    });
  }
};

struct AttentionGrad {
  Layout layout;
  explicit AttentionGrad(Attributes& attributes) : layout(attributes) {}

  void Compute(Call& call) const {
    const int64_t width = call.Size(1) / 3, tokens = layout.tokens();
    if (!layout.Fits(call, width, 2)) return;
    if (!call.Require(call.Size(0) == tokens * 3 * width && call.Size(3) == tokens * width,
                      "attention: qkv is not [tokens, 3 · width], or upstream not [tokens, width]"))
      return;
    float *gradient = call.Floats(0, {tokens, 3 * width}), *dbias = call.Floats(1, {3 * width});
    if (!gradient || !dbias) return;
    const int parts = PartsFor(layout.Cost(width, 5));
    ColumnSums sums(parts, 3 * width);
    ForHeads<AttentionGradWorker>(parts, layout, width, call.Ints(2), call.Floats(0), call.Floats(1), call.Floats(3),
                                  gradient, &sums);
    sums.WriteTo(dbias);
  }
};

// Forward mode: Ṡ = (Q̇ Kᵀ + Q K̇ᵀ)/√d,  Ṗ = P ∘ (Ṡ − Σ_j P ∘ Ṡ),  Ȯ = Ṗ V + P V̇
template <int kD>
struct AttentionTangentWorker {
  const Heads<kD>& heads;
  const float *qkv, *bias, *qkvDot, *biasDot;
  float* out;
  Packed<kD> packed, dot;
  Matrix p, pDot, mixed;

  AttentionTangentWorker(const Heads<kD>& heads, int, const float* qkv, const float* bias, const float* qkvDot,
                         const float* biasDot, float* out)
      : heads(heads), qkv(qkv), bias(bias), qkvDot(qkvDot), biasDot(biasDot), out(out) {
    packed.Make(heads);
    dot.Make(heads);
    for (Matrix* matrix : {&p, &pDot}) matrix->Make(kQueryRows, heads.room());
    mixed.Make(kQueryRows, heads.d());
  }

  void Prompt(int64_t prompt, int64_t head) {
    heads.ForPadding(prompt, [&](int64_t token) {
      const float *value = qkvDot + heads.At(token, 2, head), *shift = biasDot + heads.At(0, 2, head);
      ForColumns(heads.d(), [&](int64_t j, auto part) {
        part.Store(out + heads.At(token, head) + j, part.Load(value + j) + part.Load(shift + j));
      });
    });
    Attend(heads.Prompt(prompt), head);
    for (int64_t g = 0; g < heads.Group(); g++) Attend(heads.Response(prompt, g), head);
  }

  INLINE void Fill(Packed<kD>& to, const Piece& piece, int64_t head, const float* from, const float* shift) {
    to.Queries(heads, piece, head, from, shift);
    to.Transposed(heads, piece, 1, head, from, shift);
    to.Rows(heads, piece, 2, head, from, shift);
  }

  void Attend(const Piece& piece, int64_t head) {
    const int64_t d = heads.d(), rows = RoundUp(d);
    Fill(packed, piece, head, qkv, bias);
    Fill(dot, piece, head, qkvDot, biasDot);
    const Matrix &q = packed.q, &v = packed.v, &keys = packed.keys;
    const Matrix &qDot = dot.q, &vDot = dot.v, &keysDot = dot.keys;
    for (int64_t i = 0; i < piece.tokens; i += kQueryRows) {
      const int64_t count = std::min(kQueryRows, piece.tokens - i);
      const int64_t seen = piece.before + i + count, columns = RoundUp(seen);
      packed.Probabilities(heads, p, piece, i, count);
      Multiply(count, qDot.Row(i), qDot.stride, 1, keys.data, keys.stride, pDot.data, pDot.stride, columns, d, false);
      Multiply(count, q.Row(i), q.stride, 1, keysDot.data, keysDot.stride, pDot.data, pDot.stride, columns, d, true);
      TimesSoftmaxJacobian(p, pDot, count, columns);
      Multiply(count, pDot.data, pDot.stride, 1, v.data, v.stride, mixed.data, mixed.stride, rows, seen, false);
      Multiply(count, p.data, p.stride, 1, vDot.data, vDot.stride, mixed.data, mixed.stride, rows, seen, true);
      for (int64_t r = 0; r < count; r++)
        ForColumns(d, [&](int64_t j, auto part) {
          part.Store(out + heads.At(piece.first + i + r, head) + j, Load(mixed.Row(r) + j));
        });
    }
  }
};

struct AttentionTangent {
  Layout layout;
  explicit AttentionTangent(Attributes& attributes) : layout(attributes) {}

  void Compute(Call& call) const {
    const int64_t width = call.Size(1) / 3, tokens = layout.tokens();
    if (!layout.Fits(call, width, 2)) return;
    if (!call.Require(call.Size(0) == tokens * 3 * width && call.Size(3) == call.Size(0) && call.Size(4) == 3 * width,
                      "attention: qkv or its tangent is not [tokens, 3 · width]"))
      return;
    float* out = call.Floats(0, {tokens, width});
    if (!out) return;
    ForHeads<AttentionTangentWorker>(PartsFor(layout.Cost(width, 5)), layout, width, call.Ints(2), call.Floats(0),
                                     call.Floats(1), call.Floats(3), call.Floats(4), out);
  }
};

// ----------------------------------------------------------------------------------------------------------- sampling

// The largest of a row, and e to the power of each number's distance from it: their sum.
struct Exponentials {
  float top, sum;
};

template <typename Write>
INLINE Exponentials ExponentialsOf(const float* row, int64_t count, float scale, Write write) {
  Vec largest = Splat(row[0] * scale);
  ForColumns(count, [&](int64_t j, auto part) {
    const Vec x = part.Load(row + j) * scale;
    largest = Max(part.Only(x - largest) + largest, largest);
  });
  const Vec top = Largest(largest);
  Vec sum = {};
  ForColumns(count, [&](int64_t j, auto part) {
    const Vec e = part.Only(Exp(part.Load(row + j) * scale - top));
    sum += e;
    write(j, e, part);
  });
  return {top[0], Sum(sum)[0]};
}

// Draws tokens from rows of logits.
class Sampler {
 public:
  // topK is the number of tokens, and topP is 1, where none is cut off.
  Sampler(float temperature, int64_t topK, float topP, int64_t count)
      : temperature_(temperature), topK_(topK), topP_(topP), count_(count), weights_(RoundUp(count)), sorted_(count) {}

  struct Drawn {
    int32_t token;
    float logProb;
  };

  // u is uniform in [0, 1).
  Drawn Draw(const float* logits, float u) {
    const float scale = temperature_ > 0 ? 1 / temperature_ : 1;
    const Exponentials all =
        ExponentialsOf(logits, count_, scale, [&](int64_t j, Vec e, auto) { Store(&weights_[j], e); });
    const int64_t token = temperature_ > 0 ? Invert(u) : Likeliest(logits);
    return {static_cast<int32_t>(token), logits[token] * scale - all.top - std::log(all.sum)};
  }

 private:
  // How many cumulative sums the fraction u of the total is not below: the first token that exceeds it.
  int64_t Invert(float u) {
    if (topK_ < count_) KeepLikeliest();
    if (topP_ < 1) KeepNucleus();
    float total = 0;
    for (int64_t j = 0; j < count_; j++) weights_[j] = total += weights_[j];
    // u below 1 stays below the total when the product is rounded
    const float limit = std::min(u, 0x1.fffffep-1f) * total;
    int64_t before = 0;
    for (int64_t j = 0; j < count_; j++) before += weights_[j] <= limit;
    return std::min(before, count_ - 1);
  }

  // The k likeliest, and ties with the last of them.
  void KeepLikeliest() {
    Sort();
    KeepFrom(sorted_[topK_ - 1]);
  }

  // The fewest of the likeliest that together have the fraction p of the weight, and ties with the last of them.
  void KeepNucleus() {
    Sort();
    float total = 0, before = 0;
    for (float weight : sorted_) total += weight;
    float least = sorted_[0];
    for (int64_t j = 0; j < count_ && before < topP_ * total; j++) {
      least = sorted_[j];
      before += least;
    }
    KeepFrom(least);
  }

  void Sort() {
    std::copy(weights_.begin(), weights_.begin() + count_, sorted_.begin());
    std::sort(sorted_.begin(), sorted_.end(), std::greater<float>());
  }

  void KeepFrom(float least) {
    for (int64_t j = 0; j < count_; j++) weights_[j] = weights_[j] >= least ? weights_[j] : 0;
  }

  int64_t Likeliest(const float* row) const {
    int64_t best = 0;
    for (int64_t j = 1; j < count_; j++)
      if (row[j] > row[best]) best = j;
    return best;
  }

  const float temperature_;
  const int64_t topK_;
  const float topP_;
  const int64_t count_;
  std::vector<float> weights_, sorted_;
};

// A weight matrix [depth, width] in the order in which products read it: bands of 64 columns, each with its rows one
// after the other, the last band rounded up to whole vectors.
struct Bands {
  static constexpr int64_t kBand = 4 * kLanes;
  int64_t depth, width;
  float* numbers = nullptr;

  Bands(int64_t depth, int64_t width) : depth(depth), width(width) {}

  int64_t size() const { return depth * RoundUp(width); }
  // Takes its place; returns where the next begins.
  float* Place(float* at) {
    numbers = at;
    return at + size();
  }

  // From the matrix as it lies in memory.
  void Fill(const float* from) {
    ForBands([&](int64_t j, int64_t band, float* to) {
      for (int64_t k = 0; k < depth; k++)
        for (int64_t v = 0; v < band; v += kLanes) {
          const int64_t left = width - j - v;
          const float* at = from + k * width + j + v;
          Store(to + k * band + v, left >= kLanes ? Load(at) : Part{static_cast<int>(left)}.Load(at));
        }
    });
  }

  // From its transpose [width, depth].
  void FillTransposed(const float* from) {
    ForBands([&](int64_t j, int64_t band, float* to) {
      for (int64_t v = 0; v < band; v++)
        for (int64_t k = 0; k < depth; k++) to[k * band + v] = j + v < width ? from[(j + v) * depth + k] : 0;
    });
  }

  // c (+)= a · this, with whole vectors in the rows of c
  INLINE void Times(int64_t rows, const Matrix& a, const Matrix& c, bool add) const {
    ForBands([&](int64_t j, int64_t band, const float* numbers) {
      Multiply(rows, a.data, a.stride, 1, numbers, band, c.data + j, c.stride, band, depth, add,
               Ahead{numbers + band * depth});
    });
  }

 private:
  // one(first column, columns, where they are) for each band
  template <typename One>
  INLINE void ForBands(One one) const {
    const int64_t columns = RoundUp(width);
    for (int64_t j = 0; j < columns; j += kBand) one(j, std::min(kBand, columns - j), numbers + j * depth);
  }
};

// Memory for many numbers, not written yet, in pages of 2 MiB where the system has them: touching it first costs a
// fault for each page.
class Room {
 public:
  explicit Room(int64_t count) {
    const size_t page = size_t{1} << 21, size = (count * sizeof(float) + page - 1) / page * page;
    numbers_.reset(static_cast<float*>(aligned_alloc(page, size)));
    if (numbers_) madvise(numbers_.get(), size, MADV_HUGEPAGE);
  }
  float* data() const { return numbers_.get(); }

 private:
  struct Free {
    void operator()(float* numbers) const { free(numbers); }
  };
  std::unique_ptr<float, Free> numbers_;
};

// The weights of a GPT, in the order of gptPolicySpecification in lib/models/gptPolicy.ts.
struct GptWeights {
  struct Norm {
    const float *gain, *bias;
  };
  struct Linear {
    const float *weight, *bias;
    Bands bands;
  };
  struct Block {
    Norm attentionNorm;
    Linear queryKeyValue, attentionOut;
    Norm mlpNorm;
    Linear mlpIn, mlpOut;
  };

  static constexpr int kBeforeBlocks = 2, kOfBlock = 12, kAfterBlocks = 2;
  static constexpr int Count(int layers) { return kBeforeBlocks + kOfBlock * layers + kAfterBlocks; }

  int64_t vocabulary, width, contextLength;
  const float *token, *position;
  std::vector<Block> blocks;
  Norm finalNorm;
  const float* logits;
  Bands head;

  // `count` inputs from the first of them on. Where one is not as large as it must be, fits() is false.
  GptWeights(Call& call, int first, int count, int layers)
      : vocabulary(call.Dim(first, 0)), width(call.Dim(first, 1)), head(width, vocabulary) {
    int at = first;
    const auto next = [&](int64_t size) {
      fits_ = fits_ && call.Size(at) == size;
      return call.Floats(at++);
    };
    const auto norm = [&] {
      const float* gain = next(width);
      return Norm{gain, next(width)};
    };
    const auto linear = [&](int64_t inputs, int64_t outputs) {
      const float* weight = next(inputs * outputs);
      return Linear{weight, next(outputs), Bands(inputs, outputs)};
    };
    token = next(vocabulary * width);
    contextLength = call.Size(at) / width;
    position = next(contextLength * width);
    for (int layer = 0; layer < layers; layer++)
      // in the order of the braces
      blocks.push_back(Block{norm(), linear(width, 3 * width), linear(width, width), norm(), linear(width, 4 * width),
                             linear(4 * width, width)});
    finalNorm = norm();
    // a head of its own, or the token embedding
    logits = count > Count(layers) ? next(vocabulary * width) : token;
  }

  bool fits() const { return fits_; }

  // Puts the matrices one after the other, as they are used: the next is brought near while one is multiplied.
  Room Pack(int parts) {
    std::vector<Linear*> linears;
    for (Block& block : blocks)
      for (Linear* linear : {&block.queryKeyValue, &block.attentionOut, &block.mlpIn, &block.mlpOut})
        linears.push_back(linear);
    int64_t size = head.size();
    for (const Linear* linear : linears) size += linear->bands.size();
    Room room(size);
    float* to = room.data();
    if (!to) return room;
    for (Linear* linear : linears) to = linear->bands.Place(to);
    head.Place(to);
    Split(parts, linears.size(), [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) linears[i]->bands.Fill(linears[i]->weight);
    });
    head.FillTransposed(logits);
    return room;
  }

 private:
  bool fits_ = true;
};

// What there is to decode, and where the results go.
struct DecodingTask {
  const float *promptLogits, *noise;
  std::vector<const float*> promptQkv;
  int32_t stopToken;
  float epsilon;
  int32_t* tokens;
  float *mask, *logProbs;
};

// Decodes some of the responses to their end, one token of all of them after the other. A response that has ended is
// computed no further. Responses do not depend on each other: each thread has a decoder of its own.
class Decoder {
 public:
  Decoder(const DecodingTask& task, const GptWeights& model, const Heads<0>& prompts, Sampler sampler, int64_t begin,
          int64_t end)
      : task_(task), model_(model), prompts_(prompts), sampler_(std::move(sampler)), begin_(begin), count_(end - begin), group_(prompts.layout.group()) {
    const int64_t rows = count_, width = model.width, d = prompts.d(), heads = prompts.layout.heads;
    for (int64_t response = begin; response < end; response++) active_.push_back(response);
    x_.Make(rows, width);
    normalized_.Make(rows, width);
    qkv_.Make(rows, 3 * width);
    mixed_.Make(rows, width);
    inner_.Make(rows, 4 * width);
    logits_.Make(rows, model.vocabulary);
    const int64_t shared = std::min(rows, group_);
    q_.Make(shared, d);
    headMixed_.Make(shared, d);
    p_.Make(shared, promptLength() + RoundUp(length()) + kLanes);
    if (length() == 1) return;  // nothing is fed back
    firstPrompt_ = begin / group_;
    PackPrompts((end - 1) / group_ + 1 - firstPrompt_);
    const int64_t caches = model.blocks.size() * rows * heads;
    ownKeys_.Make(caches * d, length());
    ownValues_.Make(caches * length(), d);
  }

  void Run() {
    Draw(0, [&](int64_t row) { return task_.promptLogits + active_[row] / group_ * model_.vocabulary; });
    for (int64_t t = 1; t < length() && !active_.empty(); t++) {
      Advance(t - 1);
      Draw(t, [&](int64_t row) { return logits_.Row(row); });
    }
  }

 private:
  int64_t rows() const { return active_.size(); }
  int64_t heads() const { return prompts_.layout.heads; }
  int64_t promptLength() const { return prompts_.layout.promptLength; }
  int64_t length() const { return prompts_.layout.responseLength; }
  int64_t Start(int64_t prompt) const { return prompts_.Start(prompt); }

  // Draws token t of each response that goes on; those that it ends do so no longer.
  template <typename Logits>
  void Draw(int64_t t, Logits logitsOf) {
    int64_t kept = 0;
    for (int64_t row = 0; row < rows(); row++) {
      const int64_t response = active_[row], at = response * length() + t;
      const Sampler::Drawn drawn = sampler_.Draw(logitsOf(row), task_.noise[at]);
      task_.tokens[at] = drawn.token;
      task_.mask[at] = 1;
      task_.logProbs[at] = drawn.logProb;
      if (drawn.token != task_.stopToken) active_[kept++] = response;
    }
    active_.resize(kept);
  }

  // The logits after the tokens at `position` of the responses.
  void Advance(int64_t position) {
    for (int64_t row = 0; row < rows(); row++) Embed(row, position);
    for (size_t layer = 0; layer < model_.blocks.size(); layer++) {
      const GptWeights::Block& block = model_.blocks[layer];
      Normalize(block.attentionNorm);
      block.queryKeyValue.bands.Times(rows(), normalized_, qkv_, false);
      Attend(layer, block.queryKeyValue.bias, position);
      AddTo(mixed_, block.attentionOut);
      Normalize(block.mlpNorm);
      block.mlpIn.bands.Times(rows(), normalized_, inner_, false);
      for (int64_t row = 0; row < rows(); row++)
        BiasGeluRow(inner_.Row(row), block.mlpIn.bias, inner_.Row(row), 4 * model_.width);
      AddTo(inner_, block.mlpOut);
    }
    Normalize(model_.finalNorm);
    model_.head.Times(rows(), normalized_, logits_, false);
  }

  INLINE void Embed(int64_t row, int64_t position) {
    const int64_t response = active_[row], width = model_.width;
    const float* token = model_.token + task_.tokens[response * length() + position] * width;
    const float* place = model_.position + (promptLength() - Start(response / group_) + position) * width;
    ForColumns(width, [&](int64_t j, auto part) {
      part.Store(x_.Row(row) + j, part.Load(token + j) + part.Load(place + j));
    });
  }

  INLINE void Normalize(const GptWeights::Norm& norm) {
    for (int64_t row = 0; row < rows(); row++)
      NormalizeRow(x_.Row(row), norm.gain, norm.bias, normalized_.Row(row), model_.width, task_.epsilon);
  }

  // x += from · weight + bias
  INLINE void AddTo(const Matrix& from, const GptWeights::Linear& linear) {
    for (int64_t row = 0; row < rows(); row++)
      ForColumns(model_.width, [&](int64_t j, auto part) {
        part.Store(x_.Row(row) + j, part.Load(x_.Row(row) + j) + part.Load(linear.bias + j));
      });
    linear.bands.Times(rows(), from, x_, true);
  }

  // Keys as columns and values as rows of the prompts in each layer and head, with their bias.
  void PackPrompts(int64_t count) {
    const int64_t d = prompts_.d(), layers = model_.blocks.size();
    promptKeys_.Make(layers * count * heads() * RoundUp(d), promptLength() + kLanes);
    promptValues_.Make(layers * count * heads() * promptLength(), d);
    promptCount_ = count;
    for (int64_t layer = 0; layer < layers; layer++) {
      const float *qkv = task_.promptQkv[layer], *bias = model_.blocks[layer].queryKeyValue.bias;
      for (int64_t prompt = firstPrompt_; prompt < firstPrompt_ + count; prompt++) {
        const Piece piece = prompts_.Prompt(prompt);
        for (int64_t head = 0; head < heads(); head++) {
          const int64_t place = PromptPlace(layer, prompt, head), stride = 3 * model_.width;
          PackTransposed(promptKeys_.Row(place * RoundUp(d)), promptKeys_.stride,
                         qkv + prompts_.At(piece.first, 1, head), stride, piece.tokens,
                         bias + prompts_.At(0, 1, head), d);
          Pack(promptValues_.Row(place * promptLength()), promptValues_.stride,
               qkv + prompts_.At(piece.first, 2, head), stride, piece.tokens, bias + prompts_.At(0, 2, head), 1, d);
        }
      }
    }
  }

  INLINE int64_t PromptPlace(int64_t layer, int64_t prompt, int64_t head) const {
    return (layer * promptCount_ + prompt - firstPrompt_) * heads() + head;
  }
  INLINE int64_t OwnPlace(int64_t layer, int64_t response, int64_t head) const {
    return (layer * count_ + response - begin_) * heads() + head;
  }

  // Attention of one token of each response: those of one prompt, which stand side by side, share its keys and values.
  void Attend(int64_t layer, const float* bias, int64_t position) {
    for (int64_t row = 0; row < rows();) {
      const int64_t prompt = active_[row] / group_;
      int64_t end = row + 1;
      while (end < rows() && active_[end] / group_ == prompt) end++;
      for (int64_t head = 0; head < heads(); head++) AttendHead(layer, bias, position, prompt, head, row, end - row);
      row = end;
    }
  }

  INLINE void AttendHead(int64_t layer, const float* bias, int64_t position, int64_t prompt, int64_t head,
                         int64_t first, int64_t count) {
    const int64_t d = prompts_.d(), width = model_.width, padded = RoundUp(d), own = RoundUp(position + 1);
    const int64_t before = promptLength() - Start(prompt), seen = before + position + 1;
    const int64_t shared = PromptPlace(layer, prompt, head);
    Pack(q_.data, q_.stride, qkv_.Row(first) + head * d, qkv_.stride, count, bias + head * d, prompts_.scale, d);
    // what stands beyond the prompt's last token in a whole vector is written over by the response's own
    Multiply(count, q_.data, q_.stride, 1, promptKeys_.Row(shared * padded), promptKeys_.stride, p_.data, p_.stride,
             RoundUp(before), d, false);
    for (int64_t i = 0; i < count; i++) {
      const int64_t place = OwnPlace(layer, active_[first + i], head);
      const float* token = qkv_.Row(first + i) + head * d;
      float *keys = ownKeys_.Row(place * d), *value = ownValues_.Row(place * length() + position);
      for (int64_t j = 0; j < d; j++) keys[j * ownKeys_.stride + position] = token[width + j] + bias[width + head * d + j];
      Pack(value, 0, token + 2 * width, 0, 1, bias + 2 * width + head * d, 1, d);
      Multiply(1, q_.Row(i), 0, 1, keys, ownKeys_.stride, p_.Row(i) + before, 0, own, d, false);
      Softmax(p_.Row(i), seen, RoundUp(seen) / kLanes);
    }
    Multiply(count, p_.data, p_.stride, 1, promptValues_.Row(shared * promptLength()), promptValues_.stride,
             headMixed_.data, headMixed_.stride, padded, before, false);
    for (int64_t i = 0; i < count; i++) {
      const float* values = ownValues_.Row(OwnPlace(layer, active_[first + i], head) * length());
      Multiply(1, p_.Row(i) + before, 0, 1, values, ownValues_.stride, headMixed_.Row(i), 0, padded, position + 1, true);
      ForColumns(d, [&](int64_t j, auto part) {
        part.Store(mixed_.Row(first + i) + head * d + j, Load(headMixed_.Row(i) + j));
      });
    }
  }

  const DecodingTask& task_;
  const GptWeights& model_;
  const Heads<0>& prompts_;
  Sampler sampler_;
  const int64_t begin_, count_, group_;
  int64_t firstPrompt_ = 0, promptCount_ = 0;
  // the responses that have not ended, each a row of the matrices below
  std::vector<int64_t> active_;
  Matrix x_, normalized_, qkv_, mixed_, inner_, logits_, q_, headMixed_, p_;
  Matrix promptKeys_, promptValues_, ownKeys_, ownValues_;
};

struct DecodeResponses {
  int layers, count;
  int64_t heads, promptLength, stopToken, topK;
  float temperature, topP, epsilon;
  explicit DecodeResponses(Attributes& attributes)
      : layers(attributes.Int("layers")),
        count(attributes.Int("count")),
        heads(attributes.Int("heads")),
        promptLength(attributes.Int("promptLength")),
        stopToken(attributes.Int("stopToken")),
        topK(attributes.Int("topK")),
        temperature(attributes.Float("temperature")),
        topP(attributes.Float("topP")),
        epsilon(attributes.Float("epsilon")) {}

  void Compute(Call& call) const {
    const int firstWeight = 3 + layers;
    if (!call.Require(count >= GptWeights::Count(layers), "decodeResponses: weights are missing") ||
        !call.Require(call.Rank(1) == 2 && call.Rank(firstWeight) == 2,
                      "decodeResponses: the noise or the token embedding is not a matrix"))
      return;
    GptWeights model(call, firstWeight, count, layers);
    if (!call.Require(model.fits(), "decodeResponses: a weight has not the size that the model's width makes it")) return;
    const int64_t responses = call.Dim(1, 0), length = call.Dim(1, 1), prompts = call.Size(2);
    const Layout layout(heads, prompts, promptLength, responses, length);
    if (!layout.Fits(call, model.width, 2) ||
        !call.Require(call.Size(0) == prompts * model.vocabulary, "decodeResponses: not one row of logits a prompt") ||
        !call.Require(promptLength + length - 1 <= model.contextLength, "decodeResponses: the context is too short"))
      return;
    for (int layer = 0; layer < layers; layer++)
      if (!call.Require(call.Size(3 + layer) == prompts * promptLength * 3 * model.width,
                        "decodeResponses: the prompts' qkv is not [Q · P, 3 · width]"))
        return;
    int32_t* tokens = static_cast<int32_t*>(call.Output(0, TF_INT32, {responses, length}));
    float *mask = call.Floats(1, {responses, length}), *logProbs = call.Floats(2, {responses, length});
    if (!tokens || !mask || !logProbs) return;
    std::fill(tokens, tokens + responses * length, 0);
    std::fill(mask, mask + responses * length, 0.0f);
    std::fill(logProbs, logProbs + responses * length, 0.0f);

    DecodingTask task;
    task.promptLogits = call.Floats(0);
    task.noise = call.Floats(1);
    task.stopToken = static_cast<int32_t>(stopToken);
    task.epsilon = epsilon;
    task.tokens = tokens;
    task.mask = mask;
    task.logProbs = logProbs;
    for (int layer = 0; layer < layers; layer++) task.promptQkv.push_back(call.Floats(3 + layer));
    // 0.02 ns for each product and sum of a token's pass through the blocks
    const int parts = PartsFor(0.02 * 12 * layers * model.width * model.width * responses * length);
    const Room room = model.Pack(parts);
    if (!call.Require(room.data(), "decodeResponses: there is no memory for the weights")) return;
    const Heads<0> work(layout, model.width, call.Ints(2));
    const Sampler sampler(temperature, topK, topP, model.vocabulary);
    Split(parts, responses, [&](int, int64_t begin, int64_t end) {
      if (begin < end) Decoder(task, model, work, sampler, begin, end).Run();
    });
  }
};

// ------------------------------------------------------------------------------------------------ log-probs and AdamW

struct TokenLogProbs : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(1) == call.Dim(0, 0), "tokenLogProbs: not one action for each row"))
      return;
    const int64_t rows = call.Dim(0, 0), count = call.Dim(0, 1);
    const float* logits = call.Floats(0);
    const int32_t* actions = call.Ints(1);
    if (!CheckIds(call, "tokenLogProbs", actions, rows, count)) return;
    float* out = call.Floats(0, {rows});
    if (!out) return;
    Split(PartsFor(rows * (20 + count * 0.3)), rows, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const float* row = logits + i * count;
        const Exponentials all = ExponentialsOf(row, count, 1, [](int64_t, Vec, auto) {});
        out[i] = row[actions[i]] - all.top - std::log(all.sum);
      }
    });
  }
};

struct TokenLogProbsGrad : NoAttributes {
  using NoAttributes::NoAttributes;
  void Compute(Call& call) const {
    if (!call.Require(call.Rank(0) == 2 && call.Size(1) == call.Dim(0, 0) && call.Size(2) == call.Dim(0, 0),
                      "tokenLogProbs: not one action and one upstream for each row"))
      return;
    const int64_t rows = call.Dim(0, 0), count = call.Dim(0, 1);
    const float *logits = call.Floats(0), *upstream = call.Floats(2);
    const int32_t* actions = call.Ints(1);
    if (!CheckIds(call, "tokenLogProbs", actions, rows, count)) return;
    float* gradient = call.Floats(0, {rows, count});
    if (!gradient) return;
    Split(PartsFor(rows * (20 + count * 0.4)), rows, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        float* out = gradient + i * count;
        const Exponentials all = ExponentialsOf(logits + i * count, count, 1,
                                                [&](int64_t j, Vec e, auto part) { part.Store(out + j, e); });
        const float scale = -upstream[i] / all.sum;
        ForColumns(count, [&](int64_t j, auto part) { part.Store(out + j, part.Load(out + j) * scale); });
        out[actions[i]] += upstream[i];
      }
    });
  }
};

struct AdamW {
  float beta1, beta2, new1, new2, epsilon, weightDecay;
  explicit AdamW(Attributes& attributes)
      : beta1(attributes.Float("beta1")),
        beta2(attributes.Float("beta2")),
        new1(attributes.Float("new1")),
        new2(attributes.Float("new2")),
        epsilon(attributes.Float("epsilon")),
        weightDecay(attributes.Float("weightDecay")) {}

  void Compute(Call& call) const {
    const int64_t size = call.Size(0);
    if (!call.Require(call.Size(1) == size && call.Size(2) == size && call.Size(3) == size,
                      "adamW: parameters, mean, square and gradient are not of one size"))
      return;
    const float *p = call.Floats(0), *m = call.Floats(1), *s = call.Floats(2), *g = call.Floats(3);
    const float learningRate = *call.Floats(4), meanWeight = *call.Floats(5), squareWeight = *call.Floats(6);
    const float clip = *call.Floats(7);
    float* newP = call.Instead(0, 0);
    float* newM = call.Instead(1, 1);
    float* newS = call.Instead(2, 2);
    if (call.failed()) return;
    Split(PartsFor(size * 1.0), size, [&](int, int64_t begin, int64_t end) {
      // each number of the outputs depends on the same one of the inputs, which may be the same memory
#pragma GCC ivdep
      for (int64_t i = begin; i < end; i++) {
        const float gradient = g[i] * clip;
        const float mean = m[i] * beta1 + gradient * new1;
        const float square = s[i] * beta2 + gradient * gradient * new2;
        newM[i] = mean;
        newS[i] = square;
        const float step = mean / meanWeight / (std::sqrt(square / squareWeight) + epsilon) + p[i] * weightDecay;
        newP[i] = p[i] - step * learningRate;
      }
    });
  }
};

void RegisterAll() {
  const auto layout = {"heads: int", "prompts: int", "promptLength: int", "responses: int", "responseLength: int"};
  Register<LayerNorm>("LabLayerNorm", {"x: float", "gain: float", "bias: float"}, {"y: float"}, {"epsilon: float"});
  Register<LayerNormGrad>("LabLayerNormGrad", {"x: float", "gain: float", "upstream: float"},
                          {"x_gradient: float", "gain_gradient: float", "bias_gradient: float"}, {"epsilon: float"});
  Register<BiasGelu>("LabBiasGelu", {"x: float", "bias: float"}, {"y: float"}, {});
  Register<BiasGeluGrad>("LabBiasGeluGrad", {"x: float", "bias: float", "upstream: float"},
                         {"x_gradient: float", "bias_gradient: float"}, {});
  Register<BiasResidual>("LabBiasResidual", {"x: float", "y: float", "bias: float"}, {"sum: float"}, {});
  Register<ColumnSum>("LabColumnSum", {"x: float"}, {"sum: float"}, {});
  Register<Lookup>("LabLookup", {"table: float", "ids: int32"}, {"rows: float"}, {});
  Register<LookupGrad>("LabLookupGrad", {"upstream: float", "ids: int32"}, {"table_gradient: float"}, {"rows: int"});
  Register<Attention>("LabAttention", {"qkv: float", "bias: float", "starts: int32"}, {"mixed: float"}, layout);
  Register<AttentionGrad>("LabAttentionGrad", {"qkv: float", "bias: float", "starts: int32", "upstream: float"},
                          {"qkv_gradient: float", "bias_gradient: float"}, layout);
  Register<AttentionTangent>(
      "LabAttentionTangent",
      {"qkv: float", "bias: float", "starts: int32", "qkv_tangent: float", "bias_tangent: float"}, {"tangent: float"},
      layout);
  Register<DecodeResponses>(
      "LabDecodeResponses",
      {"prompt_logits: float", "noise: float", "starts: int32", "prompt_qkv: layers * float", "weights: count * float"},
      {"tokens: int32", "mask: float", "log_probs: float"},
      {"layers: int", "count: int", "heads: int", "promptLength: int", "stopToken: int", "topK: int",
       "temperature: float", "topP: float", "epsilon: float"});
  Register<TokenLogProbs>("LabTokenLogProbs", {"logits: float", "actions: int32"}, {"log_probs: float"}, {});
  Register<TokenLogProbsGrad>("LabTokenLogProbsGrad", {"logits: float", "actions: int32", "upstream: float"},
                              {"logits_gradient: float"}, {});
  Register<AdamW>("LabAdamW",
                  {"parameters: float", "mean: float", "square: float", "gradient: float", "learning_rate: float",
                   "mean_weight: float", "square_weight: float", "clip: float"},
                  {"new_parameters: float", "new_mean: float", "new_square: float"},
                  {"beta1: float", "beta2: float", "new1: float", "new2: float", "epsilon: float",
                   "weightDecay: float"});
}

}  // namespace

static napi_value Init(napi_env, napi_value exports) {
  static std::once_flag once;
  std::call_once(once, RegisterAll);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)
