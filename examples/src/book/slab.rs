//! Room for a fixed number of orders.

use super::event::Side;

/// An order in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The order's number.
    pub number: u64,
    /// Its side.
    pub side: Side,
    /// Its price, in hundredths.
    pub price: u32,
    /// Shares that are left of it.
    pub quantity: u32,
}

/// Orders in slots that are used again; allocates when it is made and never afterwards.
#[derive(Clone, Debug)]
pub struct Slab {
    slots: Vec<Option<Order>>,
    free: Vec<u32>,
}

impl Slab {
    /// Room for so many orders.
    #[must_use]
    pub fn with_capacity(orders: u32) -> Self {
        Self { slots: vec![None; orders as usize], free: (0..orders).rev().collect() }
    }

    /// The number of orders that there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The number of orders.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// True if there is no order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts an order into a free slot; `None` if there is none.
    pub fn insert(&mut self, order: Order) -> Option<u32> {
        let slot = self.free.pop()?;
        self.slots[slot as usize] = Some(order);
        Some(slot)
    }

    /// The order in a slot.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Order> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Takes an order out of its slot.
    pub fn remove(&mut self, slot: u32) -> Option<Order> {
        let order = self.slots.get_mut(slot as usize)?.take()?;
        // There is room: every slot was on this list once, and no slot is on it twice.
        self.free.push(slot);
        Some(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_and_no_more_are_made() {
        let order = |number| Order { number, side: Side::Bid, price: 1, quantity: 1 };
        let mut slab = Slab::with_capacity(2);
        let (first, second) = (slab.insert(order(1)), slab.insert(order(2)));
        assert!(first.is_some() && second.is_some() && first != second);
        assert_eq!(slab.insert(order(3)), None);
        let first = first.expect("there was room");
        assert_eq!(slab.remove(first), Some(order(1)));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.len(), 1);
        assert_eq!(slab.insert(order(4)), Some(first));
        assert_eq!(slab.get_mut(first), Some(&mut order(4)));
        assert_eq!(slab.get_mut(2), None);
    }
}
