//! What the headers of libdni 0.9.0 declare. Made by bindings/generate; do not edit.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

use std::os::raw::{c_char, c_void};

pub type dni_kind = i32;
pub type dni_status = i32;
pub type dni_dtype = i32;
pub type dni_setting = i32;
pub type dni_log_level = i32;
pub type dni_instructions = i32;
pub type dni_activation = i32;
pub type dni_mode = i32;
pub type dni_gradient_flags = i32;
pub type dni_initialiser = i32;
pub type dni_condition = i32;
pub type dni_needs = i32;
pub type dni_learns = i32;
pub type dni_data_flags = i32;

pub const DNI_OK: dni_status = 0;
pub const DNI_ERROR_ARGUMENT: dni_status = 1;
pub const DNI_ERROR_STATE: dni_status = 2;
pub const DNI_ERROR_MEMORY: dni_status = 3;
pub const DNI_ERROR_IO: dni_status = 4;
pub const DNI_ERROR_DATA: dni_status = 5;
pub const DNI_ERROR_UNSUPPORTED: dni_status = 6;
pub const DNI_ERROR_BACKEND: dni_status = 7;
pub const DNI_ERROR_NON_FINITE: dni_status = 8;
pub const DNI_ERROR_CANCELLED: dni_status = 9;
pub const DNI_ERROR_CALLBACK: dni_status = 10;
pub const DNI_ERROR_SYSTEM: dni_status = 11;
pub const DNI_STATUS_CALLER: dni_status = 1000;

pub const DNI_F32: dni_dtype = 1;
pub const DNI_F64: dni_dtype = 2;
pub const DNI_BF16: dni_dtype = 3;
pub const DNI_F16: dni_dtype = 4;
pub const DNI_U8: dni_dtype = 5;
pub const DNI_I32: dni_dtype = 6;

pub const DNI_SETTING_LEARNING_RATE: dni_setting = 1;
pub const DNI_SETTING_MOMENTUM: dni_setting = 2;
pub const DNI_SETTING_WEIGHT_DECAY: dni_setting = 3;
pub const DNI_SETTING_BETA1: dni_setting = 4;
pub const DNI_SETTING_BETA2: dni_setting = 5;
pub const DNI_SETTING_EPSILON: dni_setting = 6;
pub const DNI_SETTING_CLIP_NORM: dni_setting = 7;
pub const DNI_SETTING_CLIP_VALUE: dni_setting = 8;
pub const DNI_SETTING_RATE_SCALE: dni_setting = 10;
pub const DNI_SETTING_STATISTICS_RATE: dni_setting = 20;
pub const DNI_SETTING_DROP: dni_setting = 21;
pub const DNI_SETTING_SLOPE: dni_setting = 22;
pub const DNI_SETTING_LAMBDA: dni_setting = 30;
pub const DNI_SETTING_SHRINK: dni_setting = 31;
pub const DNI_SETTING_FORGETTING: dni_setting = 32;
pub const DNI_SETTING_RIDGE: dni_setting = 33;

pub const DNI_LOG_INFORMATION: dni_log_level = 1;
pub const DNI_LOG_WARNING: dni_log_level = 2;

pub const DNI_INSTRUCTIONS_BEST: dni_instructions = 0;
pub const DNI_INSTRUCTIONS_BASELINE: dni_instructions = 1;
pub const DNI_INSTRUCTIONS_AVX2: dni_instructions = 2;
pub const DNI_INSTRUCTIONS_AVX512: dni_instructions = 3;
pub const DNI_INSTRUCTIONS_AVX512_BF16: dni_instructions = 4;
pub const DNI_INSTRUCTIONS_AMX: dni_instructions = 5;

pub const DNI_BACKEND_BUILTIN: dni_kind = 1;
pub const DNI_BACKEND_CBLAS: dni_kind = 2;
pub const DNI_BACKEND_DYNAMIC: dni_kind = 3;
pub const DNI_BACKEND_CALLBACK: dni_kind = 4;

pub const DNI_ACTIVATION_IDENTITY: dni_activation = 0;
pub const DNI_ACTIVATION_RELU: dni_activation = 1;
pub const DNI_ACTIVATION_TANH: dni_activation = 2;
pub const DNI_ACTIVATION_SIGMOID: dni_activation = 3;
pub const DNI_ACTIVATION_LEAKY_RELU: dni_activation = 4;
pub const DNI_ACTIVATION_GELU: dni_activation = 5;

pub const DNI_MODE_TRAINING: dni_mode = 0;
pub const DNI_MODE_INFERENCE: dni_mode = 1;

pub const DNI_GRADIENT_REPLACE: dni_gradient_flags = 0;
pub const DNI_GRADIENT_ADD: dni_gradient_flags = 1;
pub const DNI_GRADIENT_SKIP: dni_gradient_flags = 2;
pub const DNI_GRADIENT_SUM: dni_gradient_flags = 16;
pub const DNI_GRADIENT_LEAVE_DZ: dni_gradient_flags = 32;

pub const DNI_LAYER_DENSE: dni_kind = 1;
pub const DNI_LAYER_ACTIVATION: dni_kind = 2;
pub const DNI_LAYER_BATCH_NORM: dni_kind = 3;
pub const DNI_LAYER_CALLBACK: dni_kind = 4;
pub const DNI_LAYER_DROPOUT: dni_kind = 5;
pub const DNI_LAYER_LAYER_NORM: dni_kind = 6;

pub const DNI_INITIALISER_DEFAULT: dni_initialiser = 0;
pub const DNI_INITIALISER_NORMAL: dni_initialiser = 1;
pub const DNI_INITIALISER_UNIFORM: dni_initialiser = 2;
pub const DNI_INITIALISER_FAN_IN: dni_initialiser = 3;
pub const DNI_INITIALISER_XAVIER: dni_initialiser = 4;
pub const DNI_INITIALISER_HE: dni_initialiser = 5;
pub const DNI_INITIALISER_ORTHOGONAL: dni_initialiser = 6;
pub const DNI_INITIALISER_CONSTANT: dni_initialiser = 7;

pub const DNI_LOSS_SOFTMAX_CROSS_ENTROPY: dni_kind = 1;
pub const DNI_LOSS_SIGMOID_CROSS_ENTROPY: dni_kind = 2;
pub const DNI_LOSS_SQUARED_ERROR: dni_kind = 3;
pub const DNI_LOSS_ABSOLUTE_ERROR: dni_kind = 4;
pub const DNI_LOSS_CALLBACK: dni_kind = 5;

pub const DNI_RATE_CONSTANT: dni_kind = 0;
pub const DNI_RATE_DECAY: dni_kind = 1;
pub const DNI_RATE_PIECEWISE: dni_kind = 2;
pub const DNI_RATE_LINES: dni_kind = 3;
pub const DNI_RATE_COSINE: dni_kind = 4;
pub const DNI_RATE_FUNCTION: dni_kind = 5;

pub const DNI_OPTIMISER_SGD: dni_kind = 1;
pub const DNI_OPTIMISER_ADAM: dni_kind = 2;
pub const DNI_OPTIMISER_ADAMW: dni_kind = 3;

pub const DNI_CONDITION_HY: dni_condition = 0;
pub const DNI_CONDITION_H: dni_condition = 1;
pub const DNI_CONDITION_Y: dni_condition = 2;
pub const DNI_CONDITION_RESIDUAL: dni_condition = 3;

pub const DNI_SG_NEEDS_NOTHING: dni_needs = 0;
pub const DNI_SG_NEEDS_OUTPUT_ERROR: dni_needs = 1;
pub const DNI_SG_NEEDS_DELTA_ABOVE: dni_needs = 2;
pub const DNI_SG_NEEDS_DELTA: dni_needs = 3;
pub const DNI_SG_NEEDS_DELTA_LATER: dni_needs = 4;

pub const DNI_SG_LEARNS_NOTHING: dni_learns = 0;
pub const DNI_SG_LEARNS_TARGET: dni_learns = 1;
pub const DNI_SG_LEARNS_LOSS: dni_learns = 2;
pub const DNI_SG_LEARNS_ALONE: dni_learns = 3;

pub const DNI_SG_SYNTHETIC: dni_kind = 1;
pub const DNI_SG_DFA: dni_kind = 2;
pub const DNI_SG_FA: dni_kind = 3;
pub const DNI_SG_LOCAL: dni_kind = 4;
pub const DNI_SG_CRITIC: dni_kind = 5;
pub const DNI_SG_DELAYED: dni_kind = 6;
pub const DNI_SG_ZERO: dni_kind = 7;
pub const DNI_SG_MIXTURE: dni_kind = 8;
pub const DNI_SG_FROZEN: dni_kind = 9;
pub const DNI_SG_WARM_UP: dni_kind = 10;
pub const DNI_SG_CALLBACK: dni_kind = 11;
pub const DNI_SG_LEAST_SQUARES: dni_kind = 12;
pub const DNI_SG_SCALAR: dni_kind = 100;
pub const DNI_SG_THEOREM: dni_kind = 101;

pub const DNI_DATA_COPY: dni_data_flags = 0;
pub const DNI_DATA_BORROW: dni_data_flags = 1;
pub const DNI_DATA_UNCHECKED: dni_data_flags = 2;

pub const DNI_SCHEDULE_SEQUENTIAL: dni_kind = 0;
pub const DNI_SCHEDULE_RANDOM: dni_kind = 1;
pub const DNI_SCHEDULE_PIPELINED: dni_kind = 2;
pub const DNI_SCHEDULE_MICRO_BATCHES: dni_kind = 3;

pub const DNI_BALANCE_COUNTED: dni_kind = 0;
pub const DNI_BALANCE_MEASURED: dni_kind = 1;

pub const DNI_GUARD_PROPORTIONAL: i32 = 0;
pub const DNI_GUARD_GATED: i32 = 1;

pub const DNI_ARTIFICIAL_LINEAR: i32 = 1;
pub const DNI_ARTIFICIAL_NOISY: i32 = 2;
pub const DNI_ARTIFICIAL_RANDOM: i32 = 3;

pub const DNI_ALL: usize = usize::MAX;
pub const DNI_NONE: usize = usize::MAX;

#[repr(C)]
pub struct dni_context {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_backend {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_layer {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_state {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_loss {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_optimiser {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_sg {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_network {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_predictor {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_dataset {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_order {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_trainer {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_checkpoint {
    _private: [u8; 0],
}

#[repr(C)]
pub struct dni_guard {
    _private: [u8; 0],
}

pub type dni_destroy_callback = Option<unsafe extern "C" fn(user: *mut c_void)>;

pub type dni_log_callback = Option<unsafe extern "C" fn(user: *mut c_void, level: dni_log_level, message: *const c_char)>;

pub type dni_step_callback = Option<unsafe extern "C" fn(user: *mut c_void, report: *const dni_step_report) -> dni_status>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_matrix {
    pub data: *mut c_void,
    pub rows: usize,
    pub columns: usize,
    pub stride: usize,
    pub dtype: dni_dtype,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_batch {
    pub struct_size: usize,
    pub x: *const dni_matrix,
    pub y: *const dni_matrix,
    pub weights: *const dni_matrix,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_allocator {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub alloc: Option<unsafe extern "C" fn(user: *mut c_void, alignment: usize, size: usize) -> *mut c_void>,
    pub free: Option<unsafe extern "C" fn(user: *mut c_void, memory: *mut c_void, size: usize)>,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_context_options {
    pub struct_size: usize,
    pub allocator: *const dni_allocator,
    pub seed: u64,
    pub dtype: dni_dtype,
    pub compute: dni_dtype,
    pub instructions: dni_instructions,
    pub reserved: i32,
    pub backend: *mut dni_backend,
    pub log: dni_log_callback,
    pub log_user: *mut c_void,
    pub log_destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_writer {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub write: Option<unsafe extern "C" fn(user: *mut c_void, bytes: *const c_void, size: usize) -> dni_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_reader {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub read: Option<unsafe extern "C" fn(user: *mut c_void, bytes: *mut c_void, size: usize, got: *mut usize) -> dni_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_load_options {
    pub struct_size: usize,
    pub finite: i32,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_backend_options {
    pub struct_size: usize,
    pub allocator: *const dni_allocator,
    pub threads: usize,
    pub instructions: dni_instructions,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_product {
    pub struct_size: usize,
    pub dtype: dni_dtype,
    pub transpose_a: i32,
    pub transpose_b: i32,
    pub reserved: i32,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub alpha: f64,
    pub a: *const c_void,
    pub lda: usize,
    pub b: *const c_void,
    pub ldb: usize,
    pub beta: f64,
    pub c: *mut c_void,
    pub ldc: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_backend_callbacks {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub product: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_product) -> dni_status>,
    pub f32: i32,
    pub f64: i32,
    pub set_threads: Option<unsafe extern "C" fn(user: *mut c_void, threads: usize) -> dni_status>,
    pub destroy: dni_destroy_callback,
    pub bf16: i32,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_random_options {
    pub struct_size: usize,
    pub has_seed: i32,
    pub reserved: i32,
    pub seed: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_layer_call {
    pub struct_size: usize,
    pub mode: dni_mode,
    pub flags: dni_gradient_flags,
    pub x: *const dni_matrix,
    pub y: *mut dni_matrix,
    pub dy: *mut dni_matrix,
    pub dx: *mut dni_matrix,
    pub state: *mut c_void,
    pub weights: *const dni_matrix,
    pub scale: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_layer_callbacks {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub forward: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_layer_call) -> dni_status>,
    pub backward: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_layer_call) -> dni_status>,
    pub parameter_count: usize,
    pub parameter: Option<unsafe extern "C" fn(user: *mut c_void, index: usize, value: *mut dni_matrix, gradient: *mut dni_matrix) -> dni_status>,
    pub state_bytes: Option<unsafe extern "C" fn(user: *mut c_void, rows: usize) -> usize>,
    pub changed: Option<unsafe extern "C" fn(user: *mut c_void)>,
    pub copy: Option<unsafe extern "C" fn(user: *mut c_void, copy: *mut *mut c_void) -> dni_status>,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_initialiser_options {
    pub struct_size: usize,
    pub kind: dni_initialiser,
    pub uniform: i32,
    pub has_value: i32,
    pub has_seed: i32,
    pub value: f64,
    pub seed: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_loss_options {
    pub struct_size: usize,
    pub label_smoothing: f64,
    pub class_weights: *const f64,
    pub class_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_loss_call {
    pub struct_size: usize,
    pub h: *const dni_matrix,
    pub y: *const dni_matrix,
    pub delta: *mut dni_matrix,
    pub per_example: *mut dni_matrix,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_loss_callbacks {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub evaluate: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_loss_call) -> dni_status>,
    pub correct: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_loss_call) -> dni_status>,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_schedule {
    pub struct_size: usize,
    pub kind: dni_kind,
    pub reserved: i32,
    pub warm_up: u64,
    pub steps: u64,
    pub value: f64,
    pub boundaries: *const u64,
    pub values: *const f64,
    pub count: usize,
    pub function: Option<unsafe extern "C" fn(user: *mut c_void, step: u64) -> f64>,
    pub user: *mut c_void,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_sg_options {
    pub struct_size: usize,
    pub condition: dni_condition,
    pub has_seed: i32,
    pub hidden_layers: usize,
    pub hidden_units: usize,
    pub seed: u64,
    pub loss: *mut dni_loss,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_least_squares_options {
    pub struct_size: usize,
    pub condition: dni_condition,
    pub reserved: i32,
    pub loss: *mut dni_loss,
    pub forgetting: f64,
    pub ridge: f64,
    pub solve_every: u64,
    pub guess_rate: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_sg_call {
    pub struct_size: usize,
    pub flags: dni_gradient_flags,
    pub reserved: i32,
    pub h: *const dni_matrix,
    pub y: *const dni_matrix,
    pub signal: *const dni_matrix,
    pub delta: *mut dni_matrix,
    pub target: *const dni_matrix,
    pub losses: *const dni_matrix,
    pub prediction: *mut dni_matrix,
    pub weights: *const dni_matrix,
    pub scale: f64,
    pub own_loss: *mut f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_sg_callbacks {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub needs: dni_needs,
    pub learns: dni_learns,
    pub estimate: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_sg_call) -> dni_status>,
    pub learn: Option<unsafe extern "C" fn(user: *mut c_void, call: *const dni_sg_call) -> dni_status>,
    pub parameter_count: usize,
    pub parameter: Option<unsafe extern "C" fn(user: *mut c_void, index: usize, value: *mut dni_matrix, gradient: *mut dni_matrix) -> dni_status>,
    pub changed: Option<unsafe extern "C" fn(user: *mut c_void)>,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_query {
    pub struct_size: usize,
    pub h: *const dni_matrix,
    pub y: *const dni_matrix,
    pub signal: *const dni_matrix,
    pub weights: *const dni_matrix,
    pub losses: *mut dni_matrix,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_lesson {
    pub struct_size: usize,
    pub h: *const dni_matrix,
    pub y: *const dni_matrix,
    pub target: *const dni_matrix,
    pub losses: *const dni_matrix,
    pub prediction: *mut dni_matrix,
    pub weights: *const dni_matrix,
    pub flags: dni_gradient_flags,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_lesson_report {
    pub struct_size: usize,
    pub mse: f64,
    pub cosine: f64,
    pub own_loss: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_metric {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub evaluate: Option<unsafe extern "C" fn(user: *mut c_void, batch: *const dni_batch, value: *mut f64) -> dni_status>,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_evaluation {
    pub struct_size: usize,
    pub examples: usize,
    pub loss: f64,
    pub accuracy: f64,
    pub metric: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_memory_options {
    pub struct_size: usize,
    pub flags: dni_data_flags,
    pub scaled: i32,
    pub factor: f64,
    pub offset: f64,
    pub classes: usize,
    pub destroy: dni_destroy_callback,
    pub user: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_idx_options {
    pub struct_size: usize,
    pub classes: usize,
    pub scaled: i32,
    pub in_file: i32,
    pub factor: f64,
    pub offset: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_csv_options {
    pub struct_size: usize,
    pub classes: usize,
    pub target_columns: usize,
    pub header_lines: usize,
    pub targets_first: i32,
    pub separator: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_dataset_callbacks {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub examples: usize,
    pub features: usize,
    pub targets: usize,
    pub classes: usize,
    pub fetch: Option<unsafe extern "C" fn(user: *mut c_void, indices: *const usize, count: usize, x: *mut dni_matrix, y: *mut dni_matrix) -> dni_status>,
    pub destroy: dni_destroy_callback,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_trainer_options {
    pub struct_size: usize,
    pub optimiser: *const dni_optimiser,
    pub sg_optimiser: *const dni_optimiser,
    pub max_batch: usize,
    pub schedule: dni_kind,
    pub measure_gradient_norm: i32,
    pub update_probability: f64,
    pub threads: usize,
    pub in_flight: usize,
    pub micro_batches: usize,
    pub trained_modules: usize,
    pub layer_thread: *const usize,
    pub layer_thread_count: usize,
    pub balance: dni_kind,
    pub has_seed: i32,
    pub seed: u64,
    pub metric: *const dni_metric,
    pub activations: dni_dtype,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_step_report {
    pub struct_size: usize,
    pub step: u64,
    pub loss: f64,
    pub accuracy: f64,
    pub metric: f64,
    pub rate: f64,
    pub gradient_norm: f64,
    pub rows: usize,
    pub epoch: u64,
    pub settled: i32,
    pub validated: i32,
    pub validation_loss: f64,
    pub validation_accuracy: f64,
    pub validation_metric: f64,
    pub layer_count: usize,
    pub sg_mse: *const f64,
    pub sg_cosine: *const f64,
    pub target_lag: *const usize,
    pub module_count: usize,
    pub module_updated: *const i32,
    pub checkpointed: i32,
    pub checkpoint_status: dni_status,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_fit_options {
    pub struct_size: usize,
    pub batch: usize,
    pub epochs: u64,
    pub steps: u64,
    pub callback: dni_step_callback,
    pub callback_user: *mut c_void,
    pub callback_every: u64,
    pub settle_every: u64,
    pub keep_order: i32,
    pub keep_rest: i32,
    pub has_seed: i32,
    pub reserved: i32,
    pub seed: u64,
    pub validation: *const dni_dataset,
    pub validate_every: u64,
    pub patience: u64,
    pub best: *mut dni_network,
    pub checkpoint: *const c_char,
    pub checkpoint_every: u64,
    pub checkpoint_may_fail: i32,
    pub anew: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_stream {
    pub struct_size: usize,
    pub user: *mut c_void,
    pub next: Option<unsafe extern "C" fn(user: *mut c_void, batch: *mut dni_batch) -> dni_status>,
    pub position: Option<unsafe extern "C" fn(user: *mut c_void, position: *mut u64) -> dni_status>,
    pub seek: Option<unsafe extern "C" fn(user: *mut c_void, position: u64) -> dni_status>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_memory_report {
    pub struct_size: usize,
    pub parameter_bytes: usize,
    pub gradient_bytes: usize,
    pub optimiser_bytes: usize,
    pub activation_bytes: usize,
    pub workspace_bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_guard_options {
    pub struct_size: usize,
    pub mode: i32,
    pub reserved: i32,
    pub cosine: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_alignment {
    pub struct_size: usize,
    pub cosine: f64,
    pub relative_error: f64,
    pub sign_agreement: f64,
    pub error_norm: f64,
    pub estimate_norm: f64,
    pub truth_norm: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_interface_report {
    pub struct_size: usize,
    pub delta_cosine: f64,
    pub delta_relative_error: f64,
    pub delta_sign_agreement: f64,
    pub delta_error_norm: f64,
    pub estimate_norm: f64,
    pub truth_norm: f64,
    pub error_norm: f64,
    pub jacobian_norm: f64,
    pub gradient_norm: f64,
    pub ratio: f64,
    pub gradient_cosine: f64,
    pub synthetic_gradient_norm: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_probe_options {
    pub struct_size: usize,
    pub batch: usize,
    pub steps: u64,
    pub learning_rate: f64,
    pub seed: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dni_probe_report {
    pub struct_size: usize,
    pub accuracy: f64,
    pub loss: f64,
    pub steps: u64,
}

#[link(name = "dni")]
extern "C" {
    pub fn dni_status_name(status: dni_status) -> *const c_char;
    pub fn dni_last_message() -> *const c_char;
    pub fn dni_last_status() -> dni_status;
    pub fn dni_fail(status: dni_status, text: *const c_char) -> dni_status;
    pub fn dni_version() -> i32;
    pub fn dni_version_string() -> *const c_char;
    pub fn dni_build_info() -> *const c_char;
    pub fn dni_matrix_init_f32(view: *mut dni_matrix, data: *const f32, rows: usize, columns: usize);
    pub fn dni_matrix_init_f64(view: *mut dni_matrix, data: *const f64, rows: usize, columns: usize);
    pub fn dni_matrix_init_labels(view: *mut dni_matrix, labels: *const i32, rows: usize);
    pub fn dni_matrix_init_u8(view: *mut dni_matrix, data: *const u8, rows: usize, columns: usize);
    pub fn dni_matrix_init_strided_f32(view: *mut dni_matrix, data: *const f32, rows: usize, columns: usize, stride: usize);
    pub fn dni_matrix_init_strided_f64(view: *mut dni_matrix, data: *const f64, rows: usize, columns: usize, stride: usize);
    pub fn dni_matrix_copy(from: *const dni_matrix, to: *mut dni_matrix) -> dni_status;
    pub fn dni_setting_name(setting: dni_setting) -> *const c_char;
    pub fn dni_context_create(options: *const dni_context_options, out: *mut *mut dni_context) -> dni_status;
    pub fn dni_context_retain(context: *mut dni_context) -> *mut dni_context;
    pub fn dni_context_release(context: *mut dni_context);
    pub fn dni_context_backend(context: *const dni_context) -> *mut dni_backend;
    pub fn dni_context_dtype(context: *const dni_context) -> dni_dtype;
    pub fn dni_context_compute(context: *const dni_context) -> dni_dtype;
    pub fn dni_context_instructions(context: *const dni_context) -> dni_instructions;
    pub fn dni_instructions_name(instructions: dni_instructions) -> *const c_char;
    pub fn dni_context_bytes(context: *const dni_context) -> usize;
    pub fn dni_context_allocate(context: *mut dni_context, size: usize, out: *mut *mut c_void) -> dni_status;
    pub fn dni_context_free(context: *mut dni_context, memory: *mut c_void);
    pub fn dni_backend_create_builtin(options: *const dni_backend_options, out: *mut *mut dni_backend) -> dni_status;
    pub fn dni_backend_create_cblas(options: *const dni_backend_options, out: *mut *mut dni_backend) -> dni_status;
    pub fn dni_backend_create_dynamic(options: *const dni_backend_options, path: *const c_char, out: *mut *mut dni_backend) -> dni_status;
    pub fn dni_backend_create_callback(options: *const dni_backend_options, callbacks: *const dni_backend_callbacks, out: *mut *mut dni_backend) -> dni_status;
    pub fn dni_backend_retain(backend: *mut dni_backend) -> *mut dni_backend;
    pub fn dni_backend_release(backend: *mut dni_backend);
    pub fn dni_backend_kind(backend: *const dni_backend) -> dni_kind;
    pub fn dni_backend_kind_name(backend: *const dni_backend) -> *const c_char;
    pub fn dni_backend_name(backend: *const dni_backend) -> *const c_char;
    pub fn dni_backend_set_threads(backend: *mut dni_backend, threads: usize) -> dni_status;
    pub fn dni_backend_gemm(backend: *mut dni_backend, transpose_a: i32, transpose_b: i32, alpha: f64, a: *const dni_matrix, b: *const dni_matrix, beta: f64, c: *mut dni_matrix) -> dni_status;
    pub fn dni_layer_create_dense(context: *mut dni_context, inputs: usize, outputs: usize, activation: dni_activation, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_create_activation(context: *mut dni_context, units: usize, activation: dni_activation, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_create_batch_norm(context: *mut dni_context, units: usize, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_create_layer_norm(context: *mut dni_context, units: usize, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_create_dropout(context: *mut dni_context, units: usize, drop: f64, options: *const dni_random_options, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_create_callback(context: *mut dni_context, inputs: usize, outputs: usize, callbacks: *const dni_layer_callbacks, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_copy(layer: *const dni_layer, out: *mut *mut dni_layer) -> dni_status;
    pub fn dni_layer_retain(layer: *mut dni_layer) -> *mut dni_layer;
    pub fn dni_layer_release(layer: *mut dni_layer);
    pub fn dni_layer_kind(layer: *const dni_layer) -> dni_kind;
    pub fn dni_layer_kind_name(layer: *const dni_layer) -> *const c_char;
    pub fn dni_layer_inputs(layer: *const dni_layer) -> usize;
    pub fn dni_layer_outputs(layer: *const dni_layer) -> usize;
    pub fn dni_layer_activation(layer: *const dni_layer) -> dni_activation;
    pub fn dni_activation_name(activation: dni_activation) -> *const c_char;
    pub fn dni_state_create(layer: *mut dni_layer, rows: usize, out: *mut *mut dni_state) -> dni_status;
    pub fn dni_state_retain(state: *mut dni_state) -> *mut dni_state;
    pub fn dni_state_release(state: *mut dni_state);
    pub fn dni_state_rows(state: *const dni_state) -> usize;
    pub fn dni_layer_reserve(layer: *mut dni_layer, rows: usize) -> dni_status;
    pub fn dni_layer_forward(layer: *mut dni_layer, mode: dni_mode, state: *mut dni_state, x: *const dni_matrix, y: *mut dni_matrix) -> dni_status;
    pub fn dni_layer_backward(layer: *mut dni_layer, flags: dni_gradient_flags, state: *mut dni_state, x: *const dni_matrix, y: *const dni_matrix, dy: *mut dni_matrix, dx: *mut dni_matrix) -> dni_status;
    pub fn dni_layer_parameter_count(layer: *const dni_layer) -> usize;
    pub fn dni_layer_parameter_name(layer: *const dni_layer, index: usize) -> *const c_char;
    pub fn dni_layer_parameter(layer: *mut dni_layer, index: usize, value: *mut dni_matrix, gradient: *mut dni_matrix) -> dni_status;
    pub fn dni_layer_changed(layer: *mut dni_layer) -> dni_status;
    pub fn dni_layer_set_parameter(layer: *mut dni_layer, index: usize, value: *const dni_matrix) -> dni_status;
    pub fn dni_layer_get_parameter(layer: *const dni_layer, index: usize, value: *mut dni_matrix) -> dni_status;
    pub fn dni_layer_initialise(layer: *mut dni_layer, options: *const dni_initialiser_options) -> dni_status;
    pub fn dni_layer_has(layer: *const dni_layer, setting: dni_setting) -> i32;
    pub fn dni_layer_bounds(layer: *const dni_layer, setting: dni_setting, least: *mut f64, most: *mut f64) -> dni_status;
    pub fn dni_layer_set_f64(layer: *mut dni_layer, setting: dni_setting, value: f64) -> dni_status;
    pub fn dni_layer_get_f64(layer: *const dni_layer, setting: dni_setting, value: *mut f64) -> dni_status;
    pub fn dni_loss_create_softmax_cross_entropy(context: *mut dni_context, options: *const dni_loss_options, out: *mut *mut dni_loss) -> dni_status;
    pub fn dni_loss_create_sigmoid_cross_entropy(context: *mut dni_context, options: *const dni_loss_options, out: *mut *mut dni_loss) -> dni_status;
    pub fn dni_loss_create_squared_error(context: *mut dni_context, out: *mut *mut dni_loss) -> dni_status;
    pub fn dni_loss_create_absolute_error(context: *mut dni_context, out: *mut *mut dni_loss) -> dni_status;
    pub fn dni_loss_create_callback(context: *mut dni_context, callbacks: *const dni_loss_callbacks, out: *mut *mut dni_loss) -> dni_status;
    pub fn dni_loss_retain(loss: *mut dni_loss) -> *mut dni_loss;
    pub fn dni_loss_release(loss: *mut dni_loss);
    pub fn dni_loss_kind(loss: *const dni_loss) -> dni_kind;
    pub fn dni_loss_kind_name(loss: *const dni_loss) -> *const c_char;
    pub fn dni_loss_classifies(loss: *const dni_loss) -> i32;
    pub fn dni_loss_evaluate(loss: *const dni_loss, batch: *const dni_batch, delta: *mut dni_matrix, per_example: *mut dni_matrix, mean: *mut f64) -> dni_status;
    pub fn dni_loss_count_correct(loss: *const dni_loss, batch: *const dni_batch, correct: *mut f64) -> dni_status;
    pub fn dni_schedule_value(schedule: *const dni_schedule, step: u64, value: *mut f64) -> dni_status;
    pub fn dni_optimiser_create_sgd(context: *mut dni_context, learning_rate: f64, out: *mut *mut dni_optimiser) -> dni_status;
    pub fn dni_optimiser_create_adam(context: *mut dni_context, learning_rate: f64, out: *mut *mut dni_optimiser) -> dni_status;
    pub fn dni_optimiser_create_adamw(context: *mut dni_context, learning_rate: f64, out: *mut *mut dni_optimiser) -> dni_status;
    pub fn dni_optimiser_create_like(other: *const dni_optimiser, out: *mut *mut dni_optimiser) -> dni_status;
    pub fn dni_optimiser_set_moment_dtype(optimiser: *mut dni_optimiser, dtype: dni_dtype) -> dni_status;
    pub fn dni_optimiser_moment_dtype(optimiser: *const dni_optimiser) -> dni_dtype;
    pub fn dni_optimiser_retain(optimiser: *mut dni_optimiser) -> *mut dni_optimiser;
    pub fn dni_optimiser_release(optimiser: *mut dni_optimiser);
    pub fn dni_optimiser_kind(optimiser: *const dni_optimiser) -> dni_kind;
    pub fn dni_optimiser_kind_name(optimiser: *const dni_optimiser) -> *const c_char;
    pub fn dni_optimiser_add_layer(optimiser: *mut dni_optimiser, layer: *mut dni_layer) -> dni_status;
    pub fn dni_optimiser_add_sg(optimiser: *mut dni_optimiser, sg: *mut dni_sg) -> dni_status;
    pub fn dni_optimiser_add(optimiser: *mut dni_optimiser, value: *const dni_matrix, gradient: *const dni_matrix, destroy: dni_destroy_callback, user: *mut c_void) -> dni_status;
    pub fn dni_optimiser_changed(optimiser: *mut dni_optimiser) -> dni_status;
    pub fn dni_optimiser_step(optimiser: *mut dni_optimiser) -> dni_status;
    pub fn dni_optimiser_step_scaled(optimiser: *mut dni_optimiser, factor: f64) -> dni_status;
    pub fn dni_optimiser_set_schedule(optimiser: *mut dni_optimiser, schedule: *const dni_schedule) -> dni_status;
    pub fn dni_optimiser_has(optimiser: *const dni_optimiser, setting: dni_setting) -> i32;
    pub fn dni_optimiser_bounds(optimiser: *const dni_optimiser, setting: dni_setting, least: *mut f64, most: *mut f64) -> dni_status;
    pub fn dni_optimiser_set_f64(optimiser: *mut dni_optimiser, setting: dni_setting, value: f64) -> dni_status;
    pub fn dni_optimiser_get_f64(optimiser: *const dni_optimiser, setting: dni_setting, value: *mut f64) -> dni_status;
    pub fn dni_optimiser_step_count(optimiser: *const dni_optimiser) -> u64;
    pub fn dni_optimiser_rate(optimiser: *const dni_optimiser) -> f64;
    pub fn dni_optimiser_bytes(optimiser: *const dni_optimiser) -> usize;
    pub fn dni_sg_create_synthetic(context: *mut dni_context, units: usize, targets: usize, options: *const dni_sg_options, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_least_squares(context: *mut dni_context, units: usize, targets: usize, options: *const dni_least_squares_options, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_dfa(context: *mut dni_context, units: usize, signal_units: usize, options: *const dni_random_options, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_fa(context: *mut dni_context, units: usize, signal_units: usize, options: *const dni_random_options, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_local(context: *mut dni_context, units: usize, targets: usize, loss: *mut dni_loss, options: *const dni_sg_options, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_critic(context: *mut dni_context, units: usize, targets: usize, options: *const dni_sg_options, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_delayed(context: *mut dni_context, units: usize, shrink: f64, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_zero(context: *mut dni_context, units: usize, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_mixture(context: *mut dni_context, inner: *mut dni_sg, lambda: f64, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_frozen(context: *mut dni_context, inner: *mut dni_sg, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_warm_up(context: *mut dni_context, inner: *mut dni_sg, lessons: u64, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_callback(context: *mut dni_context, units: usize, targets: usize, signal_units: usize, callbacks: *const dni_sg_callbacks, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_retain(sg: *mut dni_sg) -> *mut dni_sg;
    pub fn dni_sg_release(sg: *mut dni_sg);
    pub fn dni_sg_kind(sg: *const dni_sg) -> dni_kind;
    pub fn dni_sg_kind_name(sg: *const dni_sg) -> *const c_char;
    pub fn dni_sg_needs(sg: *const dni_sg) -> dni_needs;
    pub fn dni_sg_learns(sg: *const dni_sg) -> dni_learns;
    pub fn dni_sg_units(sg: *const dni_sg) -> usize;
    pub fn dni_sg_targets(sg: *const dni_sg) -> usize;
    pub fn dni_sg_signal_units(sg: *const dni_sg) -> usize;
    pub fn dni_sg_reserve(sg: *mut dni_sg, rows: usize) -> dni_status;
    pub fn dni_sg_estimate(sg: *mut dni_sg, query: *const dni_query, delta: *mut dni_matrix) -> dni_status;
    pub fn dni_sg_learn(sg: *mut dni_sg, lesson: *const dni_lesson, report: *mut dni_lesson_report) -> dni_status;
    pub fn dni_sg_parameter_count(sg: *const dni_sg) -> usize;
    pub fn dni_sg_parameter_name(sg: *const dni_sg, index: usize) -> *const c_char;
    pub fn dni_sg_parameter(sg: *mut dni_sg, index: usize, value: *mut dni_matrix, gradient: *mut dni_matrix) -> dni_status;
    pub fn dni_sg_changed(sg: *mut dni_sg) -> dni_status;
    pub fn dni_sg_set_parameter(sg: *mut dni_sg, index: usize, value: *const dni_matrix) -> dni_status;
    pub fn dni_sg_get_parameter(sg: *const dni_sg, index: usize, value: *mut dni_matrix) -> dni_status;
    pub fn dni_sg_has(sg: *const dni_sg, setting: dni_setting) -> i32;
    pub fn dni_sg_bounds(sg: *const dni_sg, setting: dni_setting, least: *mut f64, most: *mut f64) -> dni_status;
    pub fn dni_sg_set_f64(sg: *mut dni_sg, setting: dni_setting, value: f64) -> dni_status;
    pub fn dni_sg_get_f64(sg: *const dni_sg, setting: dni_setting, value: *mut f64) -> dni_status;
    pub fn dni_sg_set_schedule(sg: *mut dni_sg, schedule: *const dni_schedule) -> dni_status;
    pub fn dni_network_create(context: *mut dni_context, out: *mut *mut dni_network) -> dni_status;
    pub fn dni_network_retain(network: *mut dni_network) -> *mut dni_network;
    pub fn dni_network_release(network: *mut dni_network);
    pub fn dni_network_add(network: *mut dni_network, layer: *mut dni_layer) -> dni_status;
    pub fn dni_network_set_sg(network: *mut dni_network, after: usize, sg: *mut dni_sg) -> dni_status;
    pub fn dni_network_inputs(network: *const dni_network) -> usize;
    pub fn dni_network_outputs(network: *const dni_network) -> usize;
    pub fn dni_network_layer_count(network: *const dni_network) -> usize;
    pub fn dni_network_layer(network: *mut dni_network, index: usize) -> *mut dni_layer;
    pub fn dni_network_sg(network: *mut dni_network, after: usize, sg: *mut *mut dni_sg) -> dni_status;
    pub fn dni_network_copy(network: *const dni_network, out: *mut *mut dni_network) -> dni_status;
    pub fn dni_network_assign(to: *mut dni_network, from: *const dni_network) -> dni_status;
    pub fn dni_predictor_create(network: *mut dni_network, rows: usize, out: *mut *mut dni_predictor) -> dni_status;
    pub fn dni_predictor_retain(predictor: *mut dni_predictor) -> *mut dni_predictor;
    pub fn dni_predictor_release(predictor: *mut dni_predictor);
    pub fn dni_predictor_run(predictor: *mut dni_predictor, after: usize, x: *const dni_matrix, h: *mut dni_matrix) -> dni_status;
    pub fn dni_network_reserve(network: *mut dni_network, rows: usize) -> dni_status;
    pub fn dni_network_predict(network: *mut dni_network, x: *const dni_matrix, h: *mut dni_matrix) -> dni_status;
    pub fn dni_network_evaluate(network: *mut dni_network, loss: *const dni_loss, dataset: *const dni_dataset, metric: *const dni_metric, out: *mut dni_evaluation) -> dni_status;
    pub fn dni_network_save(network: *mut dni_network, path: *const c_char) -> dni_status;
    pub fn dni_network_write(network: *mut dni_network, writer: *const dni_writer) -> dni_status;
    pub fn dni_network_load(context: *mut dni_context, path: *const c_char, out: *mut *mut dni_network) -> dni_status;
    pub fn dni_network_read(context: *mut dni_context, reader: *const dni_reader, out: *mut *mut dni_network) -> dni_status;
    pub fn dni_dataset_create_memory(context: *mut dni_context, x: *const dni_matrix, y: *const dni_matrix, options: *const dni_memory_options, out: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_dataset_create_idx(context: *mut dni_context, images_path: *const c_char, labels_path: *const c_char, options: *const dni_idx_options, out: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_dataset_create_csv(context: *mut dni_context, path: *const c_char, options: *const dni_csv_options, out: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_dataset_create_callback(context: *mut dni_context, callbacks: *const dni_dataset_callbacks, out: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_dataset_subset(dataset: *mut dni_dataset, indices: *const usize, count: usize, out: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_dataset_split(dataset: *mut dni_dataset, count: usize, shuffle: i32, options: *const dni_random_options, first: *mut *mut dni_dataset, second: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_dataset_retain(dataset: *mut dni_dataset) -> *mut dni_dataset;
    pub fn dni_dataset_release(dataset: *mut dni_dataset);
    pub fn dni_dataset_examples(dataset: *const dni_dataset) -> usize;
    pub fn dni_dataset_features(dataset: *const dni_dataset) -> usize;
    pub fn dni_dataset_targets(dataset: *const dni_dataset) -> usize;
    pub fn dni_dataset_classes(dataset: *const dni_dataset) -> usize;
    pub fn dni_dataset_batch(dataset: *const dni_dataset, first: usize, x: *mut dni_matrix, y: *mut dni_matrix) -> dni_status;
    pub fn dni_dataset_gather(dataset: *const dni_dataset, indices: *const usize, count: usize, x: *mut dni_matrix, y: *mut dni_matrix) -> dni_status;
    pub fn dni_order_create(dataset: *const dni_dataset, options: *const dni_random_options, out: *mut *mut dni_order) -> dni_status;
    pub fn dni_order_retain(order: *mut dni_order) -> *mut dni_order;
    pub fn dni_order_release(order: *mut dni_order);
    pub fn dni_order_shuffle(order: *mut dni_order) -> dni_status;
    pub fn dni_order_state(order: *const dni_order, state: *mut u64, count: usize) -> dni_status;
    pub fn dni_order_set_state(order: *mut dni_order, state: *const u64, count: usize) -> dni_status;
    pub fn dni_order_indices(order: *const dni_order) -> *const usize;
    pub fn dni_trainer_create(network: *mut dni_network, loss: *mut dni_loss, options: *const dni_trainer_options, out: *mut *mut dni_trainer) -> dni_status;
    pub fn dni_trainer_retain(trainer: *mut dni_trainer) -> *mut dni_trainer;
    pub fn dni_trainer_release(trainer: *mut dni_trainer);
    pub fn dni_trainer_step(trainer: *mut dni_trainer, batch: *const dni_batch, report: *mut dni_step_report) -> dni_status;
    pub fn dni_trainer_fit(trainer: *mut dni_trainer, dataset: *const dni_dataset, options: *const dni_fit_options) -> dni_status;
    pub fn dni_trainer_fit_stream(trainer: *mut dni_trainer, stream: *const dni_stream, options: *const dni_fit_options) -> dni_status;
    pub fn dni_trainer_report(trainer: *const dni_trainer, report: *mut dni_step_report) -> dni_status;
    pub fn dni_trainer_save(trainer: *mut dni_trainer, path: *const c_char) -> dni_status;
    pub fn dni_trainer_write(trainer: *mut dni_trainer, writer: *const dni_writer) -> dni_status;
    pub fn dni_trainer_load(trainer: *mut dni_trainer, path: *const c_char, options: *const dni_load_options) -> dni_status;
    pub fn dni_trainer_read(trainer: *mut dni_trainer, reader: *const dni_reader, options: *const dni_load_options) -> dni_status;
    pub fn dni_trainer_abandon(trainer: *mut dni_trainer) -> dni_status;
    pub fn dni_trainer_flush(trainer: *mut dni_trainer) -> dni_status;
    pub fn dni_trainer_cancel(trainer: *mut dni_trainer);
    pub fn dni_trainer_set_rate_factor(trainer: *mut dni_trainer, module: usize, factor: f64) -> dni_status;
    pub fn dni_trainer_step_count(trainer: *const dni_trainer) -> u64;
    pub fn dni_trainer_module_count(trainer: *const dni_trainer) -> usize;
    pub fn dni_trainer_layer_module(trainer: *const dni_trainer, layer: usize, module: *mut usize) -> dni_status;
    pub fn dni_trainer_thread_count(trainer: *const dni_trainer) -> usize;
    pub fn dni_trainer_module_thread(trainer: *const dni_trainer, module: usize, thread: *mut usize) -> dni_status;
    pub fn dni_trainer_module_optimiser(trainer: *mut dni_trainer, module: usize) -> *mut dni_optimiser;
    pub fn dni_trainer_sg_optimiser(trainer: *mut dni_trainer, after: usize) -> *mut dni_optimiser;
    pub fn dni_trainer_memory(trainer: *const dni_trainer, report: *mut dni_memory_report) -> dni_status;
    pub fn dni_checkpoint_create(context: *mut dni_context, out: *mut *mut dni_checkpoint) -> dni_status;
    pub fn dni_checkpoint_retain(checkpoint: *mut dni_checkpoint) -> *mut dni_checkpoint;
    pub fn dni_checkpoint_release(checkpoint: *mut dni_checkpoint);
    pub fn dni_checkpoint_add_layer(checkpoint: *mut dni_checkpoint, name: *const c_char, layer: *mut dni_layer) -> dni_status;
    pub fn dni_checkpoint_add_sg(checkpoint: *mut dni_checkpoint, name: *const c_char, sg: *mut dni_sg) -> dni_status;
    pub fn dni_checkpoint_add_network(checkpoint: *mut dni_checkpoint, name: *const c_char, network: *mut dni_network) -> dni_status;
    pub fn dni_checkpoint_add_optimiser(checkpoint: *mut dni_checkpoint, name: *const c_char, optimiser: *mut dni_optimiser) -> dni_status;
    pub fn dni_checkpoint_add_order(checkpoint: *mut dni_checkpoint, name: *const c_char, order: *mut dni_order) -> dni_status;
    pub fn dni_checkpoint_add_trainer(checkpoint: *mut dni_checkpoint, name: *const c_char, trainer: *mut dni_trainer) -> dni_status;
    pub fn dni_checkpoint_add_matrix(checkpoint: *mut dni_checkpoint, name: *const c_char, matrix: *mut dni_matrix) -> dni_status;
    pub fn dni_checkpoint_add_count(checkpoint: *mut dni_checkpoint, name: *const c_char, count: *mut u64) -> dni_status;
    pub fn dni_checkpoint_add_real(checkpoint: *mut dni_checkpoint, name: *const c_char, real: *mut f64) -> dni_status;
    pub fn dni_checkpoint_save(checkpoint: *mut dni_checkpoint, path: *const c_char) -> dni_status;
    pub fn dni_checkpoint_write(checkpoint: *mut dni_checkpoint, writer: *const dni_writer) -> dni_status;
    pub fn dni_checkpoint_load(checkpoint: *mut dni_checkpoint, path: *const c_char, options: *const dni_load_options) -> dni_status;
    pub fn dni_checkpoint_read(checkpoint: *mut dni_checkpoint, reader: *const dni_reader, options: *const dni_load_options) -> dni_status;
    pub fn dni_sg_create_scalar(context: *mut dni_context, units: usize, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_create_theorem(context: *mut dni_context, units: usize, out: *mut *mut dni_sg) -> dni_status;
    pub fn dni_sg_line_search(sg: *mut dni_sg, h: *const dni_matrix, y: *const dni_matrix, rate: *mut f64) -> dni_status;
    pub fn dni_guard_create(optimiser: *mut dni_optimiser, options: *const dni_guard_options, out: *mut *mut dni_guard) -> dni_status;
    pub fn dni_guard_retain(guard: *mut dni_guard) -> *mut dni_guard;
    pub fn dni_guard_release(guard: *mut dni_guard);
    pub fn dni_guard_step(guard: *mut dni_guard, error_norm: f64, jacobian_norm: f64, gradient_norm: f64, accepted: *mut i32) -> dni_status;
    pub fn dni_guard_accepted(guard: *const dni_guard) -> u64;
    pub fn dni_guard_refused(guard: *const dni_guard) -> u64;
    pub fn dni_checkpoint_add_guard(checkpoint: *mut dni_checkpoint, name: *const c_char, guard: *mut dni_guard) -> dni_status;
    pub fn dni_analysis_align(estimate: *const dni_matrix, truth: *const dni_matrix, out: *mut dni_alignment) -> dni_status;
    pub fn dni_analysis_interface(context: *mut dni_context, network: *mut dni_network, loss: *const dni_loss, after: usize, batch: *const dni_batch, directions: usize, seed: u64, out: *mut dni_interface_report) -> dni_status;
    pub fn dni_analysis_rdm(context: *mut dni_context, h: *const dni_matrix, rdm: *mut dni_matrix) -> dni_status;
    pub fn dni_analysis_rdm_distance(a: *const dni_matrix, b: *const dni_matrix, labels: *const i32, count: usize, distance: *mut f64) -> dni_status;
    pub fn dni_analysis_classifier_probe(context: *mut dni_context, h: *const dni_matrix, y: *const dni_matrix, options: *const dni_probe_options, out: *mut dni_probe_report) -> dni_status;
    pub fn dni_analysis_regressor_probe(context: *mut dni_context, h: *const dni_matrix, x: *const dni_matrix, mse: *mut f64, rank: *mut usize) -> dni_status;
    pub fn dni_analysis_extract_loss(context: *mut dni_context, sg: *mut dni_sg, h: *const dni_matrix, y: *const dni_matrix, origin: *const dni_matrix, nodes: usize, loss: *mut dni_matrix) -> dni_status;
    pub fn dni_analysis_integrability(sg: *mut dni_sg, defect: *mut f64) -> dni_status;
    pub fn dni_analysis_agreement(context: *mut dni_context, estimate: *const dni_matrix, truth: *const dni_matrix, groups: *const i32, count: usize, correlation: *mut f64, r2: *mut f64) -> dni_status;
    pub fn dni_dataset_create_artificial(context: *mut dni_context, kind: i32, dimensions: usize, examples: usize, classes: usize, options: *const dni_random_options, out: *mut *mut dni_dataset) -> dni_status;
    pub fn dni_network_measure(network: *mut dni_network, rows: usize, optimiser: *const dni_optimiser, seconds: *mut f64, sg_seconds: *mut f64, count: usize) -> dni_status;
    pub fn dni_costs_balance(costs: *const f64, count: usize, parts: usize, cut_cost: f64, lengths: *mut usize) -> dni_status;
    pub fn dni_trainer_record(trainer: *mut dni_trainer, lags: *mut u8, count: usize, steps: usize) -> dni_status;
    pub fn dni_trainer_replay(trainer: *mut dni_trainer, lags: *const u8, count: usize, steps: usize) -> dni_status;
}
