//! What two profiles have at each frame of one graph.

use std::collections::HashMap;

/// A frame: which kind it is, and its place.
type Name = (char, usize);

/// The frames of both profiles as a tree.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// A frame's place in the tree, by its parent's, plus one, and its name; 0 is the parent of the outermost.
    places: HashMap<(usize, Name), usize>,
    both: Vec<[u64; 2]>,
}

impl Compared {
    /// Adds what happened at the end of a path, outermost frame first.
    pub(super) fn add(&mut self, path: &[Name], more: [u64; 2]) {
        let mut parent = 0;
        for &name in path {
            let place = *self.places.entry((parent, name)).or_insert_with(|| {
                self.both.push([0; 2]);
                self.both.len() - 1
            });
            for (sum, more) in self.both[place].iter_mut().zip(more) {
                *sum += more;
            }
            parent = place + 1;
        }
    }

    /// What each frame of a path has, with all that it calls.
    pub(super) fn along(&self, path: &[Name]) -> Vec<[u64; 2]> {
        let mut parent = 0;
        path.iter()
            .map_while(|&name| {
                let &place = self.places.get(&(parent, name))?;
                parent = place + 1;
                Some(self.both[place])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_what_is_below_it() {
        let mut compared = Compared::default();
        let path: Vec<Name> = vec![('r', 0), ('f', 1), ('f', 2)];
        compared.add(&path, [5, 0]);
        compared.add(&path[..2], [1, 2]);
        compared.add(&[('r', 0), ('f', 2)], [0, 9]);
        assert_eq!(compared.along(&path), [[6, 11], [6, 2], [5, 0]]);
        assert_eq!(compared.along(&[('r', 0), ('f', 2)]), [[6, 11], [0, 9]]);
        assert_eq!(compared.along(&[('r', 1)]), [[0; 2]; 0]);
    }
}
