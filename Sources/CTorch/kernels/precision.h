// Operands of matrix products in bfloat16, and the copies of weights that are kept for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <mutex>
#include <vector>

namespace ct::kernels {

/// What the operands of a product are rounded to. Sums, and everything that is no product, are float32. In int8,
/// operands stay float32 here: the products themselves round (int8.h).
enum class Precision : int64_t { float32, bfloat16, int8 };

/// What the calling thread is to compute in: int8 inside `ct_int8_begin`, else what autocast asks for.
Precision precision();

/// `matrix`, float32, as products take it: itself, or rounded to bfloat16. Where the processor is faster with
/// bfloat16, the copy is of that type; elsewhere it holds the rounded numbers as float32, whose products are the same.
at::Tensor operand(const at::Tensor &matrix, Precision precision);

/// The same of a weight, or of several that lie one after the other. The copy is kept until one of `owners`, the
/// tensors that are written to, changes.
at::Tensor weight_operand(
    const at::Tensor &weight, Precision precision, std::initializer_list<const at::Tensor *> owners);

inline at::Tensor weight_operand(const at::Tensor &weight, Precision precision) {
  return weight_operand(weight, precision, {&weight});
}

/// A float32 tensor for what autocast gave a smaller type; recorded where it changes anything.
at::Tensor as_float32(const at::Tensor &tensor);

/// A copy of one or several weights.
struct Mirror {
  const float *weight;
  int64_t count;
  /// One of them is null.
  float *floats;
  uint16_t *halves;

  /// Copies those of the numbers [begin, begin + length) anew that it has.
  void update(const float *begin, int64_t length) const;
};

/// Keeps copies up to date while weights are updated, which costs less than another pass over them: their new values
/// are in the cache.
class MirrorUpdate {
 public:
  MirrorUpdate();
  /// The copies with numbers of this weight, if they were up to date when this began.
  std::vector<Mirror> mirrors(const at::Tensor &weight) const;
  /// To be called when all have been updated and their versions counted up.
  void finish();

 private:
  std::unique_lock<std::mutex> guard_;
};

}  // namespace ct::kernels
