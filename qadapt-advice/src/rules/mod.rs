//! The catalogue: a file for each rule.

use crate::rule::{Call, Rule};

mod arc_new;
mod b_tree_insert;
mod b_tree_remove;
mod backtrace;
mod box_clone;
mod box_from_slice;
mod box_new;
mod box_pin;
mod boxed_error;
mod buffered_io;
mod c_string;
mod channel_create;
mod channel_receive;
mod channel_send;
mod channel_wait;
mod collect_map;
mod collect_queue;
mod collect_string;
mod collect_vec;
mod collection_clone;
mod condition_wait;
mod cow_into_owned;
mod deque_growth;
mod directory_walk;
mod drop_box;
mod drop_map;
mod drop_shared;
mod drop_string;
mod drop_trait_object;
mod drop_vec;
mod environment;
mod file_read;
mod file_wait;
mod format;
mod hash_map_insert;
mod hash_set_insert;
mod heap_growth;
mod io_error;
mod lazy_init;
mod line_read;
mod linked_list;
mod lock_wait;
mod lossy_string;
mod make_mut;
mod name_lookup;
mod oneshot;
mod panic_payload;
mod parking_lot_wait;
mod partition;
mod path_join;
mod print;
mod print_wait;
mod process_command;
mod process_start;
mod random_seed;
mod rc_new;
mod shared_slice;
mod shrink;
mod sleep;
mod slice_concat;
mod slice_to_vec;
mod socket_wait;
mod sort_by_cached_key;
mod stable_sort;
mod str_to_owned;
mod str_transform;
mod string_clone;
mod string_growth;
mod string_write;
mod task_spawn;
mod thread_local_init;
mod thread_spawn;
mod to_string;
mod unbounded_send;
mod vec_clear;
mod vec_clone;
mod vec_first_push;
mod vec_growth;
mod vec_macro;
mod with_capacity;

/// Every rule, in the order of their names.
///
/// # Examples
/// ```
/// // What a report in a machine's format lists as its rules.
/// for rule in qadapt_advice::rules() {
///     println!("{}: {}", rule.id(), rule.habit());
/// }
/// # assert!(qadapt_advice::rules().count() >= 25);
/// ```
#[must_use]
pub fn rules() -> impl ExactSizeIterator<Item = &'static Rule> {
    RULES.iter()
}

/// What formatting calls on a `String`: it tells memory for the text from memory that a value's own `fmt` asks for.
const STRING_WRITES: &[Call] = &[Call::of("alloc::string", "write_str write_char write_fmt")];

pub(crate) static RULES: &[Rule] = &[
    arc_new::RULE,
    b_tree_insert::RULE,
    b_tree_remove::RULE,
    backtrace::RULE,
    box_clone::RULE,
    box_from_slice::RULE,
    box_new::RULE,
    box_pin::RULE,
    boxed_error::RULE,
    buffered_io::RULE,
    c_string::RULE,
    channel_create::RULE,
    channel_receive::RULE,
    channel_send::RULE,
    channel_wait::RULE,
    collect_map::RULE,
    collect_queue::RULE,
    collect_string::RULE,
    collect_vec::RULE,
    collection_clone::RULE,
    condition_wait::RULE,
    cow_into_owned::RULE,
    deque_growth::RULE,
    directory_walk::RULE,
    drop_box::RULE,
    drop_map::RULE,
    drop_shared::RULE,
    drop_string::RULE,
    drop_trait_object::RULE,
    drop_vec::RULE,
    environment::RULE,
    file_read::RULE,
    file_wait::RULE,
    format::RULE,
    hash_map_insert::RULE,
    hash_set_insert::RULE,
    heap_growth::RULE,
    io_error::RULE,
    lazy_init::RULE,
    line_read::RULE,
    linked_list::RULE,
    lock_wait::RULE,
    lossy_string::RULE,
    make_mut::RULE,
    name_lookup::RULE,
    oneshot::RULE,
    panic_payload::RULE,
    parking_lot_wait::RULE,
    partition::RULE,
    path_join::RULE,
    print::RULE,
    print_wait::RULE,
    process_command::RULE,
    process_start::RULE,
    random_seed::RULE,
    rc_new::RULE,
    shared_slice::RULE,
    shrink::RULE,
    sleep::RULE,
    slice_concat::RULE,
    slice_to_vec::RULE,
    socket_wait::RULE,
    sort_by_cached_key::RULE,
    stable_sort::RULE,
    str_to_owned::RULE,
    str_transform::RULE,
    string_clone::RULE,
    string_growth::RULE,
    string_write::RULE,
    task_spawn::RULE,
    thread_local_init::RULE,
    thread_spawn::RULE,
    to_string::RULE,
    unbounded_send::RULE,
    vec_clear::RULE,
    vec_clone::RULE,
    vec_first_push::RULE,
    vec_growth::RULE,
    vec_macro::RULE,
    with_capacity::RULE,
];
