-- Who booked days of a place for advertising is found by the place.

CREATE INDEX ad_booking_of_slot ON ad_booking (slot_id, id);
