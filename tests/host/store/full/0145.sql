-- Nothing new is kept: an index leads to what is booked of a place.
SELECT count(*) FROM ad_booking;
