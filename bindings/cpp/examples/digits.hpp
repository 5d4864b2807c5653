/* MNIST's data sets from a folder with its four files, plain or gzip. */
#ifndef DIGITS_HPP
#define DIGITS_HPP

#include <dni.hpp>
#include <fstream>
#include <string>

inline std::string plain_or_gzip(const std::string &path) {
  return std::ifstream(path) ? path : path + ".gz";
}

inline dni::dataset digits(const dni::context &context, const std::string &folder,
                           const std::string &name) {
  const std::string start = folder + "/" + name;
  return dni::dataset::idx(context, plain_or_gzip(start + "-images-idx3-ubyte"),
                           plain_or_gzip(start + "-labels-idx1-ubyte"));
}

#endif
