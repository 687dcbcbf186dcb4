// An addon with one function, quietly(work): it calls work() while standard error leads nowhere.
// TensorFlow writes a banner to standard error when it is loaded, before any of its settings can stop it.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static napi_value Quietly(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value work, global, result = nullptr;
  napi_get_cb_info(env, info, &count, &work, nullptr, nullptr);
  napi_get_global(env, &global);
  const int saved = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDERR_FILENO);
  napi_call_function(env, global, work, 0, nullptr, &result);  // what work() throws stays pending for the caller
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(nowhere);
  return result;
}

static napi_value Init(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "quietly", NAPI_AUTO_LENGTH, Quietly, nullptr, &function);
  napi_set_named_property(env, exports, "quietly", function);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)
