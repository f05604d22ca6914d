package expr

import (
	"math"
	"strings"
)

// earthRadius is that of the equator, in metres.
const earthRadius = 6378100

func geoFunction(name string) (function, bool) {
	switch name {
	case "area":
		return function{min: 1, max: 1, eval: plain(func(s *scope, a []Value) Value { return Number(area(s.points(a))) })}, true
	case "distance":
		return function{min: 1, max: many, eval: plain(func(s *scope, a []Value) Value { return Number(distance(s.points(a))) })}, true
	case "geofence":
		return function{min: 2, max: 2, eval: plain(geofence)}, true
	}
	return function{}, false
}

// point is in degrees.
type point struct{ lat, lng float64 }

// points reads points, or shapes of points between semicolons, of all arguments and nodes; nil when one is not valid.
func (s *scope) points(args []Value) []point {
	var all []point
	for _, text := range s.texts(args) {
		for part := range strings.SplitSeq(strings.Trim(text, " ;"), ";") {
			p, ok := readPoint(part)
			if !ok {
				return nil
			}
			all = append(all, p)
		}
	}
	return all
}

func readPoint(text string) (point, bool) {
	parts := strings.Fields(text)
	if len(parts) < 2 {
		return point{}, false
	}
	p := point{parseNumber(parts[0]), parseNumber(parts[1])}
	return p, math.Abs(p.lat) <= 90 && math.Abs(p.lng) <= 180
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// centimetres rounds results that are in metres.
func centimetres(x float64) float64 { return math.Round(x*100) / 100 }

// area of a polygon on the sphere; the last point is joined to the first.
func area(points []point) float64 {
	if points == nil {
		return math.NaN()
	}
	if len(points) < 3 {
		return 0
	}
	total := 0.0
	for i, p := range points {
		q := points[(i+1)%len(points)]
		total += radians(q.lng-p.lng) * (2 + math.Sin(radians(p.lat)) + math.Sin(radians(q.lat)))
	}
	return centimetres(math.Abs(total * earthRadius * earthRadius / 2))
}

// distance along a row of points.
func distance(points []point) float64 {
	if points == nil {
		return math.NaN()
	}
	total := 0.0
	for i := 1; i < len(points); i++ {
		total += between(points[i-1], points[i])
	}
	return centimetres(total)
}

func between(p, q point) float64 {
	a, b, d := radians(p.lat), radians(q.lat), radians(q.lng-p.lng)
	cosine := math.Sin(a)*math.Sin(b) + math.Cos(a)*math.Cos(b)*math.Cos(d)
	return earthRadius * math.Acos(math.Max(-1, math.Min(1, cosine)))
}

// geofence tells whether a point lies in a polygon: a ray from it crosses the border an odd number of times.
func geofence(s *scope, args []Value) Value {
	inside, corners := s.points(args[:1]), s.points(args[1:])
	if len(inside) != 1 || len(corners) < 3 {
		return Bool(false)
	}
	p, odd := inside[0], false
	for i, a := range corners {
		b := corners[(i+1)%len(corners)]
		if (a.lat > p.lat) != (b.lat > p.lat) && p.lng < (b.lng-a.lng)*(p.lat-a.lat)/(b.lat-a.lat)+a.lng {
			odd = !odd
		}
	}
	return Bool(odd)
}
