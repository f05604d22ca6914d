// Package people invents the people of the demonstration and of benchmarks: case files, follow-up notes, referrals,
// consultations, shelter stays, testimonies and incident reports in French, English and Arabic.
//
// Nobody in it exists, and every record says so in the language it is written in. The same pack, plan, seed and number give
// the same story, byte for byte. Every record holds valid answers for the country bundle of its site, touches only
// compartments that the role of its post may write and that somebody of the plan may read, and leaves to the agent what the
// agent makes (codes of records, of staff, of parents).
//
// It refuses to know how records are sealed, sent or stored, reads no clock and opens no file. What forms hold and who may
// do what, it learns from the pack it is given; its sentences lie in words/, one file per language, for a translator to edit.
package people
