/* Ends what math/vector.h began. */
#if defined(__clang__) && DNI_VECTOR_SET != DNI_SET_BASELINE
#pragma clang attribute pop
#endif
