//! Many profiles become one.
//!
//! A process has each file at an address of its own. So an address is taken relative to the part of the file that it lies in, and files are
//! known by their build ids, wherever they lie on their machines; by their paths where they have none.

use std::collections::HashMap;

use super::unfit::Unfit;
use crate::format::pprof::proto::{Function, Label, Line, Location, Mapping, Profile, Sample, ValueType};
use crate::format::pprof::strings::Strings;

/// Profiles taken in so far.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) profile: Profile,
    pub(super) strings: Strings,
    mappings: HashMap<Part, u64>,
    functions: HashMap<[i64; 4], u64>,
    locations: HashMap<Place, u64>,
    samples: HashMap<(Vec<u64>, Vec<[i64; 4]>), usize>,
    profiles: usize,
}

/// A part of a file that is loaded: build id, or path where there is none; its place in the file, and its size.
type Part = (i64, i64, u64, u64);

/// What tells locations apart: the part, the address in it, and lines with functions.
type Place = (u64, u64, Vec<[i64; 3]>);

/// What the numbers of one profile are in the joined one.
struct Numbers<'a> {
    profile: &'a Profile,
    mappings: HashMap<u64, (u64, u64)>,
    functions: HashMap<u64, u64>,
    locations: HashMap<u64, u64>,
}

impl Joined {
    /// Takes a profile in.
    ///
    /// # Errors
    /// If it is damaged, or its samples have other values than those of the others.
    pub(super) fn add(&mut self, profile: &Profile) -> Result<(), Unfit> {
        let types = self.types(profile)?;
        if self.profiles == 0 {
            self.begin(profile, types)?;
        } else if types != self.profile.sample_type {
            let before = self.names(&self.profile.sample_type);
            return Err(Unfit::OtherValues { its: self.names(&types), before });
        }
        self.profiles += 1;
        let mut numbers = Numbers {
            profile,
            mappings: HashMap::new(),
            functions: HashMap::new(),
            locations: HashMap::new(),
        };
        for mapping in &profile.mapping {
            self.add_mapping(&mut numbers, mapping)?;
        }
        for function in &profile.function {
            self.add_function(&mut numbers, function)?;
        }
        for location in &profile.location {
            self.add_location(&mut numbers, location)?;
        }
        for sample in &profile.sample {
            self.add_sample(&numbers, sample)?;
        }
        for &comment in &profile.comment {
            let comment = self.text(profile, comment)?;
            if !self.profile.comment.contains(&comment) {
                self.profile.comment.push(comment);
            }
        }
        // As `pprof -proto` joins profiles: from the first of them, for as long as all of them.
        let earliest =
            [self.profile.time_nanos, profile.time_nanos].into_iter().filter(|&time| time > 0).min();
        self.profile.time_nanos = earliest.unwrap_or(0);
        self.profile.duration_nanos = self.profile.duration_nanos.saturating_add(profile.duration_nanos);
        self.profile.period = self.profile.period.max(profile.period);
        Ok(())
    }

    /// The joined profile.
    pub(super) fn finish(mut self) -> Profile {
        self.profile.string_table = self.strings.list;
        self.profile
    }

    /// What all profiles have to agree in is the first one's.
    fn begin(&mut self, profile: &Profile, types: Vec<ValueType>) -> Result<(), Unfit> {
        self.profile.sample_type = types;
        self.profile.period_type = match profile.period_type {
            Some(kind) => Some(self.value_type(profile, kind)?),
            None => None,
        };
        self.profile.default_sample_type = self.text(profile, profile.default_sample_type)?;
        self.profile.drop_frames = self.text(profile, profile.drop_frames)?;
        self.profile.keep_frames = self.text(profile, profile.keep_frames)?;
        Ok(())
    }

    fn types(&mut self, profile: &Profile) -> Result<Vec<ValueType>, Unfit> {
        if profile.sample_type.is_empty() {
            return Err(Unfit::NoValues);
        }
        profile.sample_type.iter().map(|&kind| self.value_type(profile, kind)).collect()
    }

    fn value_type(&mut self, profile: &Profile, kind: ValueType) -> Result<ValueType, Unfit> {
        Ok(ValueType { r#type: self.text(profile, kind.r#type)?, unit: self.text(profile, kind.unit)? })
    }

    fn names(&self, types: &[ValueType]) -> String {
        let name = |kind: &ValueType| {
            let text = usize::try_from(kind.r#type).ok().and_then(|number| self.strings.list.get(number));
            text.map_or("?", String::as_str)
        };
        types.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The number of a profile's text in the joined one.
    fn text(&mut self, profile: &Profile, number: i64) -> Result<i64, Unfit> {
        let text = usize::try_from(number).ok().and_then(|number| profile.string_table.get(number));
        // A table may be empty, where nothing has a text.
        match (text, number) {
            (Some(text), _) => Ok(self.strings.number(text)),
            (None, 0) => Ok(0),
            (None, _) => Err(Unfit::NoText(number)),
        }
    }

    fn add_mapping(&mut self, numbers: &mut Numbers<'_>, mapping: &Mapping) -> Result<(), Unfit> {
        let build_id = self.text(numbers.profile, mapping.build_id)?;
        let filename = self.text(numbers.profile, mapping.filename)?;
        let size = mapping.memory_limit.saturating_sub(mapping.memory_start);
        let path = if build_id == 0 { filename } else { 0 };
        let next = self.profile.mapping.len() as u64 + 1;
        let number = *self.mappings.entry((build_id, path, mapping.file_offset, size)).or_insert(next);
        if number == next {
            self.profile.mapping.push(Mapping { id: number, filename, build_id, ..*mapping });
        }
        numbers.mappings.insert(mapping.id, (number, mapping.memory_start));
        Ok(())
    }

    fn add_function(&mut self, numbers: &mut Numbers<'_>, function: &Function) -> Result<(), Unfit> {
        let [name, system_name, filename] = [
            self.text(numbers.profile, function.name)?,
            self.text(numbers.profile, function.system_name)?,
            self.text(numbers.profile, function.filename)?,
        ];
        let number = self.function(Function { name, system_name, filename, ..*function });
        numbers.functions.insert(function.id, number);
        Ok(())
    }

    /// The number of a function, whose texts are those of the joined profile.
    pub(super) fn function(&mut self, function: Function) -> u64 {
        let Function { name, system_name, filename, start_line, .. } = function;
        let next = self.profile.function.len() as u64 + 1;
        let number = *self.functions.entry([name, system_name, filename, start_line]).or_insert(next);
        if number == next {
            self.profile.function.push(Function { id: number, ..function });
        }
        number
    }

    fn add_location(&mut self, numbers: &mut Numbers<'_>, location: &Location) -> Result<(), Unfit> {
        let (mapping_id, address) = match numbers.mappings.get(&location.mapping_id) {
            Some(&(number, start)) => (number, self.moved(number, location.address.wrapping_sub(start))),
            None if location.mapping_id == 0 => (0, location.address),
            None => return Err(Unfit::NoMapping(location.mapping_id)),
        };
        let mut line = Vec::new();
        for part in &location.line {
            let function = numbers.functions.get(&part.function_id);
            let function_id = *function.ok_or(Unfit::NoFunction(part.function_id))?;
            line.push(Line { function_id, ..*part });
        }
        let lines =
            line.iter().map(|line| [line.function_id.cast_signed(), line.line, line.column]).collect();
        let next = self.profile.location.len() as u64 + 1;
        let number = *self.locations.entry((mapping_id, address, lines)).or_insert(next);
        if number == next {
            let is_folded = location.is_folded;
            self.profile.location.push(Location { id: number, mapping_id, address, line, is_folded });
        }
        numbers.locations.insert(location.id, number);
        Ok(())
    }

    /// An address so far into a part of a file: where the profile that had it first has that part.
    fn moved(&self, mapping: u64, inside: u64) -> u64 {
        let index = usize::try_from(mapping - 1).unwrap_or(usize::MAX);
        self.profile.mapping.get(index).map_or(inside, |mapping| mapping.memory_start.wrapping_add(inside))
    }

    fn add_sample(&mut self, numbers: &Numbers<'_>, sample: &Sample) -> Result<(), Unfit> {
        if sample.value.len() != self.profile.sample_type.len() {
            return Err(Unfit::Values(sample.value.len()));
        }
        let mut location_id = Vec::with_capacity(sample.location_id.len());
        for &id in &sample.location_id {
            location_id.push(*numbers.locations.get(&id).ok_or(Unfit::NoLocation(id))?);
        }
        let mut label = Vec::with_capacity(sample.label.len());
        for part in &sample.label {
            label.push(Label {
                key: self.text(numbers.profile, part.key)?,
                str: self.text(numbers.profile, part.str)?,
                num: part.num,
                num_unit: self.text(numbers.profile, part.num_unit)?,
            });
        }
        let mut labels: Vec<_> =
            label.iter().map(|part| [part.key, part.str, part.num, part.num_unit]).collect();
        labels.sort_unstable();
        let next = self.profile.sample.len();
        let index = *self.samples.entry((location_id.clone(), labels)).or_insert(next);
        match self.profile.sample.get_mut(index) {
            Some(known) => {
                for (sum, value) in known.value.iter_mut().zip(&sample.value) {
                    *sum = sum.saturating_add(*value);
                }
            }
            None => self.profile.sample.push(Sample { location_id, value: sample.value.clone(), label }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that has the program at `start`, with a sample there and one in a library without an id.
    fn process(start: u64, id: &str, values: [i64; 2]) -> Profile {
        let texts =
            ["", "alloc_space", "bytes", "inuse_space", "/bin/radio", id, "/lib/libc.so", "region", "mixer"];
        let value = |r#type| ValueType { r#type, unit: 2 };
        let mapping = |id, memory_start, filename, build_id| Mapping {
            id,
            memory_start,
            memory_limit: memory_start + 0x1000,
            file_offset: 0x2000,
            filename,
            build_id,
            ..Mapping::default()
        };
        let location = |id, mapping_id, address| Location { id, mapping_id, address, ..Location::default() };
        let label = Label { key: 7, str: 8, ..Label::default() };
        Profile {
            sample_type: vec![value(1), value(3)],
            string_table: texts.map(str::to_owned).to_vec(),
            mapping: vec![mapping(3, start, 4, 5), mapping(9, 2 * start, 6, 0)],
            location: vec![
                location(1, 3, start + 0x10),
                location(5, 9, 2 * start + 0x20),
                location(6, 0, 0x77),
            ],
            sample: vec![
                Sample { location_id: vec![1, 5], value: values.to_vec(), label: vec![label] },
                Sample { location_id: vec![6], value: vec![1, 1], label: vec![] },
            ],
            time_nanos: 1_000 + values[0],
            period: values[1],
            ..Profile::default()
        }
    }

    fn joined(profiles: &[Profile]) -> Profile {
        let mut joined = Joined::default();
        for profile in profiles {
            joined.add(profile).expect("it is whole");
        }
        joined.finish()
    }

    #[test]
    fn a_program_is_one_wherever_processes_have_it() {
        let joined = joined(&[process(0x5000, "ab", [100, 40]), process(0x9000, "ab", [10, 7])]);
        assert_eq!(joined.mapping.len(), 2);
        let places: Vec<_> = joined.location.iter().map(|at| (at.mapping_id, at.address)).collect();
        assert_eq!(places, [(1, 0x5010), (2, 0xA020), (0, 0x77)]);
        let values: Vec<_> = joined.sample.iter().map(|sample| sample.value.clone()).collect();
        assert_eq!(values, [[110, 47], [2, 2]]);
        assert_eq!((joined.time_nanos, joined.period), (1_010, 40));
        let label = joined.sample[0].label[0];
        let text = |number: i64| joined.string_table[usize::try_from(number).expect("small")].as_str();
        assert_eq!((text(label.key), text(label.str)), ("region", "mixer"));
    }

    #[test]
    fn two_builds_stay_apart() {
        let joined = joined(&[process(0x5000, "ab", [1, 1]), process(0x5000, "cd", [1, 1])]);
        // The library has no id, and is known by its path.
        assert_eq!((joined.mapping.len(), joined.location.len(), joined.sample.len()), (3, 4, 3));
    }

    #[test]
    fn what_is_damaged_or_of_another_kind_is_refused() {
        let whole = || process(0x5000, "ab", [1, 1]);
        let refused = |change: &dyn Fn(&mut Profile)| {
            let (mut joined, mut damaged) = (Joined::default(), whole());
            joined.add(&whole()).expect("it is whole");
            change(&mut damaged);
            joined.add(&damaged).expect_err("it is not")
        };
        assert_eq!(refused(&|profile| profile.sample[0].location_id.push(7)), Unfit::NoLocation(7));
        assert_eq!(refused(&|profile| profile.location[0].mapping_id = 4), Unfit::NoMapping(4));
        let line = Line { function_id: 8, ..Line::default() };
        assert_eq!(refused(&|profile| profile.location[0].line.push(line)), Unfit::NoFunction(8));
        assert_eq!(refused(&|profile| profile.mapping[0].filename = 99), Unfit::NoText(99));
        assert_eq!(refused(&|profile| profile.mapping[0].filename = -1), Unfit::NoText(-1));
        assert_eq!(refused(&|profile| profile.sample[1].value = vec![]), Unfit::Values(0));
        assert_eq!(refused(&|profile| profile.sample_type.clear()), Unfit::NoValues);
        let other = refused(&|profile| profile.sample_type[1] = profile.sample_type[0]);
        assert!(other.to_string().contains(
            "of alloc_space, alloc_space, those of the profiles before of alloc_space, inuse_space"
        ));
    }
}
