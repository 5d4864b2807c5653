/** \file
 * Settings: numbers of layers, optimisers and SGs that may be changed after creation.
 *
 * Each kind of object has some of them. dni_THING_has() says which; dni_THING_bounds() gives the
 * values that are allowed; dni_THING_set_f64() and dni_THING_get_f64() change and read.
 *
 * A setting is used in the object's element type, which must hold it: a value that is not 0 is at
 * least FLT_MIN and at most FLT_MAX in float (DBL_MIN and DBL_MAX in double), and one below 1 is at
 * most the number before 1. Others are refused with a message that names the bound. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_SETTINGS_H
#define DNI_SETTINGS_H

/** The number of a setting. Numbers are never given to another setting. */
typedef int32_t dni_setting;

enum {
  /** Optimisers, and the local guess of least-squares SGs: [0, inf); given at creation. */
  DNI_SETTING_LEARNING_RATE = 1,
  DNI_SETTING_MOMENTUM = 2,      /**< SGD: [0, 1); 0 at first. */
  DNI_SETTING_WEIGHT_DECAY = 3,  /**< Optimisers: [0, inf); 0 at first, of AdamW 0.01. */
  DNI_SETTING_BETA1 = 4,         /**< Adam, AdamW: [0, 1); 0.9 at first. */
  DNI_SETTING_BETA2 = 5,         /**< Adam, AdamW: [0, 1); 0.999 at first. */
  /** Adam, AdamW: 1e-8; batch and layer norm: 1e-5 at first; above 0. In float the square of a
   * gradient below 1e-19 is 0, so an epsilon below that makes such gradients count too much. */
  DNI_SETTING_EPSILON = 6,
  /** Optimisers: the most that the norm of all gradients may be; 0: off. */
  DNI_SETTING_CLIP_NORM = 7,
  DNI_SETTING_CLIP_VALUE = 8, /**< Optimisers: the most that one gradient may be; 0: off. */
  /** Layers and SGs: what the optimiser's rate is multiplied with for their parameters. [0, inf); 1
   * at first. At 0 the parameters are frozen: no update touches them, weight decay included. */
  DNI_SETTING_RATE_SCALE = 10,
  DNI_SETTING_STATISTICS_RATE = 20, /**< Batch norm: the weight of a new batch; (0, 1]; 0.1. */
  DNI_SETTING_DROP = 21,            /**< Dropout: the share of units dropped; [0, 1). */
  DNI_SETTING_SLOPE = 22,           /**< Leaky ReLU: the slope below 0; [0, 1); 0.01 at first. */
  DNI_SETTING_LAMBDA = 30,          /**< Mixture SGs: [0, 1]; given at creation. */
  DNI_SETTING_SHRINK = 31,          /**< Delayed SGs: (0, 1]; given at creation. */
  DNI_SETTING_FORGETTING = 32,      /**< Least-squares SGs: (0, 1]; given at creation. */
  DNI_SETTING_RIDGE = 33            /**< Least-squares SGs: [0, inf); given at creation. */
};

/** The name of a setting in words, for example "weight decay". "" for an unknown number. Never
 * NULL; static. Any thread. */
DNI_API const char *dni_setting_name(dni_setting setting);

#endif
