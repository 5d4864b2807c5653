/* What the library answers for files of examples when it was built without them. */
#include "core/core.h"

#ifdef DNI_NO_FILES

static dni_status refuse(const char *path) {
  return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: this library was built with FILES=none",
                   dni__shown(path).text);
}

dni_status dni_dataset_create_idx(dni_context *context, const char *images_path,
                                  const char *labels_path, const dni_idx_options *options,
                                  dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(images_path);
  DNI_REQUIRE(labels_path);
  DNI_REQUIRE(out);
  (void)options;
  return refuse(images_path);
}

dni_status dni_dataset_create_csv(dni_context *context, const char *path,
                                  const dni_csv_options *options, dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(path);
  DNI_REQUIRE(out);
  (void)options;
  return refuse(path);
}

#endif
