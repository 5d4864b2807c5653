//! A training loop of one's own: two layers on vectors, and a synthetic gradient between them.
//!
//! The lower layer is updated before the upper one has seen its output. It calls the C interface as dni.rs
//! declares it; `check` and `Owned` are all that is wrapped.
//!
//!     custom_loop FOLDER     the folder has MNIST's four files, gzip

mod dni;
use dni::*;
use std::ffi::{CStr, CString};
use std::ptr::{null, null_mut};

const ROWS: usize = 64;
const UNITS: usize = 64;
const CLASSES: usize = 10;
const STEPS: usize = 60;

fn check(status: dni_status) {
    if status != DNI_OK {
        panic!("{}", unsafe { CStr::from_ptr(dni_last_message()) }.to_string_lossy());
    }
}

/// One reference, given back when it goes out of scope.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));
impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        unsafe { (self.1)(self.0) }
    }
}
fn made<T>(release: unsafe extern "C" fn(*mut T), create: impl FnOnce(*mut *mut T) -> dni_status) -> Owned<T> {
    let mut out = null_mut();
    check(create(&mut out));
    Owned(out, release)
}

/// Memory and a view of it.
struct Rows<T> {
    _memory: Vec<T>,
    view: dni_matrix,
}
fn rows<T: Copy + Default>(count: usize, columns: usize, dtype: dni_dtype) -> Rows<T> {
    let mut memory = vec![T::default(); count * columns];
    let data = memory.as_mut_ptr() as *mut _;
    Rows { _memory: memory, view: dni_matrix { data, rows: count, columns, stride: columns, dtype, reserved: 0 } }
}
fn floats(columns: usize) -> Rows<f32> {
    rows(ROWS, columns, DNI_F32)
}

fn main() {
    let folder = std::env::args().nth(1).expect("the folder of MNIST");
    let path = |name: &str| CString::new(format!("{folder}/train-{name}-ubyte.gz")).unwrap();
    unsafe {
        let mut seeded: dni_context_options = std::mem::zeroed();
        seeded.struct_size = std::mem::size_of_val(&seeded);
        seeded.seed = 1;
        let context = made(dni_context_release, |out| dni_context_create(&seeded, out));
        let (images, labels) = (path("images-idx3"), path("labels-idx1"));
        let data = made(dni_dataset_release, |out| {
            dni_dataset_create_idx(context.0, images.as_ptr(), labels.as_ptr(), null(), out)
        });
        let inputs = dni_dataset_features(data.0);
        let dense = |inputs, outputs, activation| {
            made(dni_layer_release, |out| dni_layer_create_dense(context.0, inputs, outputs, activation, out))
        };
        let lower = dense(inputs, UNITS, DNI_ACTIVATION_RELU);
        let upper = dense(UNITS, CLASSES, DNI_ACTIVATION_IDENTITY);
        let sg = made(dni_sg_release, |out| dni_sg_create_synthetic(context.0, UNITS, CLASSES, null(), out));
        let loss = made(dni_loss_release, |out| dni_loss_create_softmax_cross_entropy(context.0, null(), out));
        let adam = || made(dni_optimiser_release, |out| dni_optimiser_create_adam(context.0, 0.003, out));
        let moves = [adam(), adam(), adam()];
        check(dni_optimiser_add_layer(moves[0].0, lower.0));
        check(dni_optimiser_add_layer(moves[1].0, upper.0));
        check(dni_optimiser_add_sg(moves[2].0, sg.0));
        let order = made(dni_order_release, |out| dni_order_create(data.0, null(), out));
        check(dni_order_shuffle(order.0));

        let (mut x, mut y) = (floats(inputs), rows::<i32>(ROWS, 1, DNI_I32));
        let (mut h, mut delta, mut target) = (floats(UNITS), floats(UNITS), floats(UNITS));
        let (mut logits, mut error) = (floats(CLASSES), floats(CLASSES));
        for step in 1..=STEPS {
            let first = (step - 1) % (dni_dataset_examples(data.0) / ROWS) * ROWS;
            let indices = dni_order_indices(order.0).add(first);
            check(dni_dataset_gather(data.0, indices, ROWS, &mut x.view, &mut y.view));

            check(dni_layer_forward(lower.0, DNI_MODE_TRAINING, null_mut(), &x.view, &mut h.view));
            let mut query: dni_query = std::mem::zeroed();
            query.struct_size = std::mem::size_of_val(&query);
            (query.h, query.y) = (&h.view, &y.view);
            check(dni_sg_estimate(sg.0, &query, &mut delta.view));
            check(dni_layer_backward(lower.0, DNI_GRADIENT_REPLACE, null_mut(), &x.view, &h.view, &mut delta.view, null_mut()));
            check(dni_optimiser_step(moves[0].0));

            check(dni_layer_forward(upper.0, DNI_MODE_TRAINING, null_mut(), &h.view, &mut logits.view));
            let batch = dni_batch { struct_size: std::mem::size_of::<dni_batch>(), x: &logits.view, y: &y.view, weights: null() };
            let mut mean = 0.0;
            check(dni_loss_evaluate(loss.0, &batch, &mut error.view, null_mut(), &mut mean));
            check(dni_layer_backward(upper.0, DNI_GRADIENT_REPLACE, null_mut(), &h.view, &logits.view, &mut error.view, &mut target.view));
            check(dni_optimiser_step(moves[1].0));

            let mut lesson: dni_lesson = std::mem::zeroed();
            lesson.struct_size = std::mem::size_of_val(&lesson);
            (lesson.h, lesson.y, lesson.target) = (&h.view, &y.view, &target.view);
            let mut report: dni_lesson_report = std::mem::zeroed();
            report.struct_size = std::mem::size_of_val(&report);
            check(dni_sg_learn(sg.0, &lesson, &mut report));
            check(dni_optimiser_step(moves[2].0));
            if step % 10 == 0 {
                println!("step {step}: loss {mean:.6}, error of the SG {:.6}", report.mse);
            }
        }
    }
}
