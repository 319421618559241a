"""What goes wrong outside, on real processes: each case ends as promised, and loses or doubles nothing."""
