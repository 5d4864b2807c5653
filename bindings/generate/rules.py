"""What bindings have to know of the interface and C cannot say.

headers.py refuses an array, a result or a macro that neither the library's conventions nor these tables
explain. So nothing new can be bound wrongly without anybody noticing.
"""

SIZE_MAX = "SIZE_MAX"

# Macros that are numbers. Others of the names in NO_CONSTANTS, or with arguments, are for C alone.
CONSTANTS = [
    {"name": "DNI_ALL", "value": SIZE_MAX, "type": "size_t"},
    {"name": "DNI_NONE", "value": SIZE_MAX, "type": "size_t"},
    {"name": "DNI_ORDER_STATE", "value": 5, "type": "size_t"},
    {"name": "DNI_VERSION", "value": None, "type": "int32_t"},
]
NO_CONSTANTS = {"DNI_API", "DNI_H_INSIDE", "DNI_CALL", "DNI_MUST_USE", "DNI_EXPERIMENTAL", "DNI_VERSION_MAJOR",
                "DNI_VERSION_MINOR", "DNI_VERSION_PATCH", "DNI_VERSION_STRING"}

# What the names of an enumeration begin with, where that is not their longest common part.
PREFIXES = {"dni_status": "DNI_", "dni_dtype": "DNI_"}

# Integers that are values of an enumeration, where neither type nor comment says so.
VALUES = {"dni_dataset_create_artificial.kind": "DNI_ARTIFICIAL_"}

# Where the length of an array is, if it is not the argument `count`.
LENGTHS = {
    "dni_loss_options.class_weights": "class_count",
    "dni_schedule.boundaries": "count",
    "dni_schedule.values": "count",
    "dni_trainer_options.layer_thread": "layer_thread_count",
    "dni_step_report.sg_mse": "layer_count",
    "dni_step_report.sg_cosine": "layer_count",
    "dni_step_report.target_lag": "layer_count",
    "dni_step_report.module_updated": "module_count",
    "dni_costs_balance.lengths": "parts",
}

# A double that a callback writes is no array.
SCALAR_FIELDS = {"dni_sg_call.own_loss"}

# What the general rules of headers.py would get wrong.
# "view": the call fills in the view itself. "kept": memory of the caller's that is used after the call.
# "memory": the first element of memory whose shape other arguments give.
DIRECTIONS = {
    "dni_matrix_init_f32.data": {"direction": "memory"},
    "dni_matrix_init_f64.data": {"direction": "memory"},
    "dni_matrix_init_labels.labels": {"direction": "memory"},
    "dni_matrix_init_u8.data": {"direction": "memory"},
    "dni_matrix_init_strided_f32.data": {"direction": "memory"},
    "dni_matrix_init_strided_f64.data": {"direction": "memory"},
    "dni_matrix_init_f32.view": {"direction": "view"},
    "dni_matrix_init_f64.view": {"direction": "view"},
    "dni_matrix_init_labels.view": {"direction": "view"},
    "dni_matrix_init_u8.view": {"direction": "view"},
    "dni_matrix_init_strided_f32.view": {"direction": "view"},
    "dni_matrix_init_strided_f64.view": {"direction": "view"},
    "dni_layer_parameter.value": {"direction": "view"},
    "dni_layer_parameter.gradient": {"direction": "view"},
    "dni_sg_parameter.value": {"direction": "view"},
    "dni_sg_parameter.gradient": {"direction": "view"},
    "dni_optimiser_add.value": {"direction": "kept"},
    "dni_optimiser_add.gradient": {"direction": "kept"},
    "dni_checkpoint_add_matrix.matrix": {"direction": "kept"},
    "dni_checkpoint_add_count.count": {"direction": "kept"},
    "dni_checkpoint_add_real.real": {"direction": "kept"},
    "dni_trainer_record.lags": {"direction": "kept"},
    "dni_trainer_replay.lags": {"direction": "kept"},
}
