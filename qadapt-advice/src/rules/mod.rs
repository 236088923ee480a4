//! The catalogue: a file for each rule.

use crate::entry::Entry;

mod arc_new;
mod b_tree_clone;
mod b_tree_insert;
mod b_tree_remove;
mod backtrace;
mod bounded_send;
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
mod clock_read;
mod collect_b_tree;
mod collect_list;
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
mod drop_io_error;
mod drop_map;
mod drop_shared;
mod drop_string;
mod drop_trait_object;
mod drop_vec;
mod environment;
mod file_read;
mod file_wait;
mod format;
mod hash_map_clone;
mod hash_map_insert;
mod hash_set_insert;
mod heap_growth;
mod io_error;
mod lazy_init;
mod line_read;
mod linked_list;
mod linked_list_clone;
mod lock_wait;
mod log_wait;
mod lossy_string;
mod make_mut;
mod name_lookup;
mod oneshot;
mod panic_payload;
mod parking_lot_lock;
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

pub(crate) const ENTRIES: &[Entry] = &[
    arc_new::ENTRY,
    b_tree_clone::ENTRY,
    b_tree_insert::ENTRY,
    b_tree_remove::ENTRY,
    backtrace::ENTRY,
    bounded_send::ENTRY,
    box_clone::ENTRY,
    box_from_slice::ENTRY,
    box_new::ENTRY,
    box_pin::ENTRY,
    boxed_error::ENTRY,
    buffered_io::ENTRY,
    c_string::ENTRY,
    channel_create::ENTRY,
    channel_receive::ENTRY,
    channel_send::ENTRY,
    channel_wait::ENTRY,
    clock_read::ENTRY,
    collect_b_tree::ENTRY,
    collect_list::ENTRY,
    collect_map::ENTRY,
    collect_queue::ENTRY,
    collect_string::ENTRY,
    collect_vec::ENTRY,
    collection_clone::ENTRY,
    condition_wait::ENTRY,
    cow_into_owned::ENTRY,
    deque_growth::ENTRY,
    directory_walk::ENTRY,
    drop_box::ENTRY,
    drop_io_error::ENTRY,
    drop_map::ENTRY,
    drop_shared::ENTRY,
    drop_string::ENTRY,
    drop_trait_object::ENTRY,
    drop_vec::ENTRY,
    environment::ENTRY,
    file_read::ENTRY,
    file_wait::ENTRY,
    format::ENTRY,
    hash_map_clone::ENTRY,
    hash_map_insert::ENTRY,
    hash_set_insert::ENTRY,
    heap_growth::ENTRY,
    io_error::ENTRY,
    lazy_init::ENTRY,
    line_read::ENTRY,
    linked_list::ENTRY,
    linked_list_clone::ENTRY,
    lock_wait::ENTRY,
    log_wait::ENTRY,
    lossy_string::ENTRY,
    make_mut::ENTRY,
    name_lookup::ENTRY,
    oneshot::ENTRY,
    panic_payload::ENTRY,
    parking_lot_lock::ENTRY,
    parking_lot_wait::ENTRY,
    partition::ENTRY,
    path_join::ENTRY,
    print::ENTRY,
    print_wait::ENTRY,
    process_command::ENTRY,
    process_start::ENTRY,
    random_seed::ENTRY,
    rc_new::ENTRY,
    shared_slice::ENTRY,
    shrink::ENTRY,
    sleep::ENTRY,
    slice_concat::ENTRY,
    slice_to_vec::ENTRY,
    socket_wait::ENTRY,
    sort_by_cached_key::ENTRY,
    stable_sort::ENTRY,
    str_to_owned::ENTRY,
    str_transform::ENTRY,
    string_clone::ENTRY,
    string_growth::ENTRY,
    string_write::ENTRY,
    task_spawn::ENTRY,
    thread_local_init::ENTRY,
    thread_spawn::ENTRY,
    to_string::ENTRY,
    unbounded_send::ENTRY,
    vec_clear::ENTRY,
    vec_clone::ENTRY,
    vec_first_push::ENTRY,
    vec_growth::ENTRY,
    vec_macro::ENTRY,
    with_capacity::ENTRY,
];
