// MKL takes its AVX-512 kernels only on a processor that this function calls Intel's; preloaded, it does so for AMD's.
int mkl_serv_intel_cpu_true(void) { return 1; }
